/* The module: the programs' own objects. Everything goes through these calls. */

const machine = (() => {
    const base64 = document.getElementById('module').textContent.trim();
    const octets = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
    const reader = new TextDecoder(), writer = new TextEncoder();
    let calls = null;

    const buffer = n => new Uint8Array(calls.memory.buffer, calls.buffer(), n);
    const text = n => reader.decode(buffer(n));
    const put = words => {
        const given = typeof words === 'string' ? writer.encode(words) : words;
        if (given.length > calls.buffer_size())
            return 0;
        buffer(given.length).set(given);
        return given.length;
    };
    const json = n => JSON.parse(text(n));

    return {
        /* At once, where the browser lets it: then all is there when the document has loaded. */
        async load() {
            try {
                calls = new WebAssembly.Instance(new WebAssembly.Module(octets)).exports;
            } catch (error) {
                if (!(error instanceof RangeError))
                    throw error;
                calls = (await WebAssembly.instantiate(octets)).instance.exports;
            }
        },
        /* These three give what is wrong, in words; nothing when all is well. */
        start: config => text(calls.start(put(config))),
        plan: (when, action) => text(calls.plan(when, put(action))),
        act: action => text(calls.act(put(action))),
        next: () => calls.next(),
        step: () => calls.step() !== 0,
        advance: to => calls.advance(to),
        state: () => json(calls.show_state()),
        messages: first => json(calls.show_messages(first)),
        octets: frame => json(calls.show_octets(frame)),
        choices: () => json(calls.show_choices()),
        /* A capture file as a picture, and what is to be said about it. */
        ladder(octets) {
            const n = put(octets);
            if (n < octets.length)
                return {svg: '', fault: `The page draws files of up to ${calls.buffer_size()} octets.`};
            const svg = text(calls.show_ladder(n));
            return {svg, fault: text(calls.show_ladder_words())};
        },
        capture: () => buffer(calls.show_capture()).slice(),
        /* All that changes, as it stands in the module's memory. */
        memory: () => new Uint32Array(calls.memory.buffer, calls.state(), calls.state_size() / 4),
    };
})();
