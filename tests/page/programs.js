// The programs themselves, on ports of their own: their tables are the page's.
'use strict';
const {spawn, spawnSync} = require('node:child_process');
const {same, skip} = require('./tap.js');
const {load} = require('./module.js');

const NAMES = ['www.csusm.edu', 'shop.amazone.com', 'nosuch.amazone.com'];

// A server that listens; what it prints is kept.
function serve(program, ...options) {
    const child = spawn(program, options, {stdio: ['ignore', 'pipe', 'pipe']});
    const server = {child, text: ''};
    child.stdout.on('data', data => { server.text += data; });
    server.ready = new Promise(resolve => {
        child.stderr.on('data', data => `${data}`.includes('listening') && resolve(true));
        child.on('exit', () => resolve(false));
    });
    server.end = () => new Promise(resolve => {
        child.on('close', resolve);
        child.kill('SIGTERM');
    });
    return server;
}

// The last table of a program's output; how much of a TTL is left depends on the moment.
const table = text => text.slice(text.lastIndexOf('record_no,')).trim().replace(/,\d+,0$/gm, ',TTL,0').split('\n');

async function everything() {
    const port = 30000 + 2 * Math.floor(Math.random() * 1000);
    const amazone = serve('bin/amazoneserver', '--listen', `127.0.0.1:${port + 1}`);
    const local = serve('bin/localserver', '--listen', `127.0.0.1:${port}`, '--upstream-port', `${port + 1}`);
    if (!await amazone.ready || !await local.ready) {
        skip("the programs' tables are the page's", `ports ${port} and ${port + 1} are taken`);
    } else {
        const client = spawnSync('bin/client', ['--server', `127.0.0.1:${port}`, '--batch', '-'], {input: `${NAMES.join('\n')}\n`, encoding: 'utf8'});
        await Promise.all([amazone.end(), local.end()]);
        const machine = load('build/page/nibdns.wasm');
        machine.start('delay=1');
        for (const name of NAMES) {
            machine.act(`client 1 ${name}`);
            machine.play();
        }
        for (const [name, text] of [['client', client.stdout], ['local', local.text], ['amazone', amazone.text]])
            same(`the table of ${name} is the program's`, table(machine.state().hosts.find(host => host.name === name).table), table(text));
    }
    amazone.child.kill();
    local.child.kill();
}

module.exports = {everything};
