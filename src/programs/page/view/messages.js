/* The list of all datagrams that were sent: an item each, which says what the logic's own line says. */

const messages = (() => {
    const list = document.querySelector('[data-messages]'), none = document.getElementById('no-messages');
    let all = [], changed = 0, marked = null; /* items from `changed` on are not shown yet */
    const wishes = {choose: null};

    const seconds = ms => (ms / 1000).toFixed(3);

    const noteOf = m => {
        const words = [];
        if (m.forged)
            words.push('forged by the attacker');
        if (m.copy_of !== undefined)
            words.push(`a copy of frame ${m.copy_of}`);
        if (m.verdict !== '')
            words.push(m.verdict);
        else if (!m.arrived)
            words.push(m.fate);
        return words.join('; ');
    };

    const fill = (item, m) => {
        item.className = `${m.kind}${m.forged ? ' forged' : ''}${m.arrived || m.under_way ? '' : ' gone'}`;
        item.dataset.time = seconds(m.sent);
        item.dataset.note = noteOf(m);
        setText(item.firstChild, `${m.from} \u2192 ${m.to}: ${m.line}`);
    };

    const add = m => {
        const item = make('li', {'data-frame': m.frame}, make('button', {type: 'button',
            onclick: () => wishes.choose(m.frame)}));
        fill(item, m);
        list.append(item);
    };

    return {
        wishes,
        seconds,
        all: () => all,
        of: frame => all[frame - 1],
        noteOf,
        /* Reads again from the first one that was under way. */
        read(count) {
            const under = all.findIndex(m => m.under_way);
            const first = Math.min(under < 0 ? all.length : under, count);
            all = all.slice(0, first).concat(machine.messages(first + 1));
            changed = Math.min(changed, first);
        },
        forget() {
            all = [];
            changed = 0;
        },
        show(chosen) {
            const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 30;
            while (list.children.length > all.length)
                list.lastChild.remove();
            for (; changed < all.length; changed++) {
                if (changed >= list.children.length)
                    add(all[changed]);
                else
                    fill(list.children[changed], all[changed]);
            }
            marked?.classList.remove('chosen');
            marked = list.children[chosen - 1];
            marked?.classList.add('chosen');
            none.hidden = all.length > 0;
            if (atEnd)
                list.scrollTop = list.scrollHeight;
        },
    };
})();
