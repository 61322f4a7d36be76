// The page's module in node: the same calls as the view makes.
'use strict';
const fs = require('node:fs');

function load(file) {
    const calls = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(file)), {}).exports;
    const buffer = n => new Uint8Array(calls.memory.buffer, calls.buffer(), n);
    const put = words => {
        const octets = typeof words === 'string' ? new TextEncoder().encode(words) : words;
        buffer(octets.length).set(octets);
        return octets.length;
    };
    const text = n => new TextDecoder().decode(buffer(n).slice());
    return {
        calls,
        start: config => text(calls.start(put(config))),
        plan: (when, action) => text(calls.plan(when, put(action))),
        act: action => text(calls.act(put(action))),
        next: () => calls.next(),
        step: () => calls.step(),
        advance: to => calls.advance(to),
        play() {
            let events = 0;
            for (; calls.next() >= 0; events++)
                calls.step();
            return events;
        },
        state: () => JSON.parse(text(calls.show_state())),
        messages: first => JSON.parse(text(calls.show_messages(first))),
        octets: frame => JSON.parse(text(calls.show_octets(frame))),
        capture: () => Buffer.from(buffer(calls.show_capture()).slice()),
        ladder(octets) {
            const n = calls.show_ladder(put(octets));
            return text(n);
        },
    };
}

// A lesson's text: its configuration, and for each step what it does and how many datagrams that sends.
function lesson(file) {
    const read = {config: '', steps: []};
    for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
        const [word, ...rest] = line.split(' '), last = read.steps.at(-1);
        if (word === 'start')
            read.config = rest.join(' ');
        else if (word === 'step')
            read.steps.push({title: rest.join(' '), actions: [], sends: null, right: 0, choices: 0, why: ''});
        else if (word === 'do')
            last.actions.push([Number(rest[0]), rest.slice(1).join(' ')]);
        else if (word === 'sends')
            last.sends = Number(rest[0]);
        else if (word === 'right' || word === 'wrong') {
            last.right = word === 'right' ? last.choices : last.right;
            last.choices++;
        } else if (word === 'why')
            last.why = rest.join(' ');
    }
    return read;
}

module.exports = {load, lesson};
