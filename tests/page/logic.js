// The page's module in node, beside the programs: the same datagrams, tables and pictures.
'use strict';
const {spawnSync} = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {ok, same} = require('./tap.js');
const {load, lesson} = require('./module.js');

const CASES = [[0, 'client 1 www.csusm.edu A'], [1000, 'client 1 shop.amazone.com A'], [5000, 'client 1 shop.amazone.com A'],
    [13500, 'client 2 shop.amazone.com A'], [62000, 'client 1 shop.amazone.com A']];

function play(machine, config, actions) {
    let fault = machine.start(config);
    for (const [when, action] of actions)
        fault = fault || machine.plan(when, action);
    if (fault !== '')
        throw new Error(fault);
    return machine.play();
}

const hex = (machine, frame) => Buffer.from(machine.octets(frame).octets, 'latin1').toString('hex');

function fiveCases(machine) {
    play(machine, 'delay=1', CASES);
    const ours = machine.messages(1).map(m => m.line);
    const {stdout} = spawnSync('bin/nibpcap', ['dump', 'pcap/real-five-cases.pcap'], {encoding: 'utf8'});
    const theirs = stdout.trim().split('\n').map(line => line.replace(/^.*: nibdns /, '').replace(/ \(\d+\)$/, ''));
    same("the five cases send what the programs sent in pcap/real-five-cases.pcap", ours, theirs);
    const octets = machine.messages(1).map(m => hex(machine, m.frame));
    const file = fs.readFileSync('pcap/real-five-cases.pcap').toString('hex');
    let at = 0;
    ok('octet for octet, in that order', octets.length === 12 && octets.every(text => (at = file.indexOf(text, at)) >= 0 && (at += 1)));
}

function lessons(machine, folder) {
    for (const file of fs.readdirSync(folder).sort()) {
        const text = lesson(path.join(folder, file)), sent = [];
        const plan = [];
        let before = 0, fault = machine.start(text.config);
        for (const step of text.steps) {
            for (const [when, action] of step.actions)
                fault = fault || machine.plan(when, action);
            machine.play();
            plan.push(step.sends);
            sent.push(machine.state().messages - before);
            before = machine.state().messages;
        }
        same(`lesson ${file}: each step sends as many datagrams as it says`, [fault, sent], ['', plan]);
        ok(`lesson ${file}: each step has one right answer of two or more, and says why`,
            text.steps.length > 0 && text.steps.every(step => step.choices >= 2 && step.why.length > 40));
    }
}

function hour(machine) {
    const actions = [];
    for (let i = 0; i < 500; i++)
        actions.push([i * 7200, `client ${i % 2 + 1} ${['www.csusm.edu', 'shop.amazone.com', 'cloud.amazone.com', 'nosuch.amazone.com'][i % 4]}`]);
    const began = performance.now();
    const events = play(machine, 'seed=2&loss=10&duplicate=5&delay=5-80', actions);
    const took = performance.now() - began, state = machine.state();
    ok(`an hour with 500 lookups is played (${events} events, ${state.messages} datagrams, ${Math.round(took)} ms)`,
        state.now > 3590000 && state.messages > 800 && !state.full);
}

function captures(machine) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nibdns-page-')), svg = path.join(folder, 'ladder.svg');
    const wrong = [];
    const files = fs.readdirSync('pcap').filter(name => /\.pcap(ng)?$/.test(name));
    for (const name of files) {
        fs.rmSync(svg, {force: true});
        spawnSync('bin/nibpcap', ['ladder', path.join('pcap', name), '-o', svg]);
        const theirs = fs.existsSync(svg) ? fs.readFileSync(svg, 'utf8') : '';
        if (machine.ladder(fs.readFileSync(path.join('pcap', name))) !== theirs)
            wrong.push(name);
    }
    fs.rmSync(folder, {recursive: true});
    same(`the ladder of each of ${files.length} stored captures is nibpcap's`, wrong, []);
}

// Whatever stands in a link or a file: words, or a picture, but never a trap.
function hostile(machine) {
    let state = 12345;
    const below = n => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % n;
    const words = ['client', 'drop', 'delay', 'copy', 'change', 'forge', 'send', 'stop', 'end', 'start', 'set', 'records', '1', '2', '7',
        '99999999999999999999', 'local', 'amazone', 'amazone 2', 'shop.amazone.com', '-', '', 'a..b', 'ff', '0000000008', 'loss', '100',
        'record_no,name,type,result,ttl,static\n', '\u00ff', 'x'.repeat(3000)];
    let tried = 0;
    for (let round = 0; round < 60; round++) {
        machine.start(['', 'world=two-servers&loss=30', 'world=cname&delay=1-900&duplicate=100', 'attacker=guess', 'attacker=see', '&&=', 'delay=0'][below(7)]);
        for (let i = 0; i < 60; i++, tried++) {
            machine.act(Array.from({length: 1 + below(5)}, () => words[below(words.length)]).join(' '));
            for (let steps = below(4); steps > 0; steps--)
                machine.step();
        }
        machine.messages(1);
        machine.state();
    }
    const captures = ['real-five-cases.pcap', 'made-malformed.pcap', 'made-icmp.pcap'].map(name => fs.readFileSync(path.join('pcap', name)));
    for (let i = 0; i < 600; i++, tried++) {
        const octets = Buffer.from(captures[below(captures.length)]);
        for (let n = 1 + below(12); n > 0; n--)
            octets[below(octets.length)] = below(256);
        machine.ladder(octets.subarray(0, below(octets.length + 1)));
    }
    ok(`${tried} odd actions and captures are taken or refused`, machine.start('') === '' && machine.act('client 1 www.csusm.edu') === '');
}

function everything() {
    const file = 'build/page/nibdns.wasm';
    const module = new WebAssembly.Module(fs.readFileSync(file));
    same('the module needs nothing from outside', WebAssembly.Module.imports(module), []);
    const machine = load(file);
    fiveCases(machine);
    lessons(machine, 'src/programs/page/lessons');
    hour(machine);
    captures(machine);
    hostile(machine);
    const size = fs.statSync('build/page/nibdns.html').size;
    ok(`the page has ${size} octets, at most 250000`, size <= 250000);
}

module.exports = {everything};
