/*
 * Steps back. Before each event the state is compared with what it was before the last one, and the
 * pieces that differ are kept: putting them back is a step back.
 */

const past = (() => {
    const PIECE = 256; /* words of memory */
    const MOST = 20000; /* pieces kept in all */
    let last = null, steps = [], kept = 0;

    const differs = (a, b, from, to) => {
        for (let i = from; i < to; i++)
            if (a[i] !== b[i])
                return true;
        return false;
    };

    return {
        /* A run begins. */
        begin() {
            last = null;
            steps = [];
            kept = 0;
        },
        /* The state as it is now is one to come back to. `note` comes back with it. */
        remember(note) {
            const memory = machine.memory(), pieces = [];
            if (last === null)
                last = {memory: memory.slice(), note};
            for (let from = 0; from < memory.length; from += PIECE) {
                const to = Math.min(from + PIECE, memory.length);
                if (!differs(memory, last.memory, from, to))
                    continue;
                pieces.push([from, last.memory.slice(from, to)]);
                last.memory.set(memory.subarray(from, to), from);
            }
            steps.push({pieces, note: last.note});
            last.note = note;
            kept += pieces.length;
            while (kept > MOST && steps.length > 1)
                kept -= steps.shift().pieces.length;
        },
        can: () => steps.length > 0,
        /* Puts the state back to what it was when it was last remembered; gives that note. */
        back() {
            const memory = machine.memory(), note = last.note, step = steps.pop();
            memory.set(last.memory);
            for (const [from, piece] of step.pieces)
                last.memory.set(piece, from);
            last.note = step.note;
            kept -= step.pieces.length;
            return note;
        },
    };
})();
