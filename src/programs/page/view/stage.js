/* The stage: hosts with their tables, and the datagrams between them. */

const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
        if (key.startsWith('on'))
            element.addEventListener(key.slice(2), value);
        else if (value !== false && value !== null && value !== undefined)
            element.setAttribute(key, value === true ? '' : value);
    }
    element.append(...children);
    return element;
};

/* Sets a text only where it differs, so that nobody who reads it is disturbed. */
const setText = (element, text) => {
    if (element.textContent !== text)
        element.textContent = text;
};

const stage = (() => {
    const root = document.getElementById('stage'), air = document.getElementById('air');
    const wires = document.getElementById('wires');
    const hosts = new Map(), flying = new Map();
    let places = new Map(), narrow = false, types = [];
    /* What a person asked for, set by who plays: (action in words). */
    const wishes = {act: null, choose: null, edit: null};

    /* ---- hosts ---- */

    const askForm = number => {
        const name = make('input', {'aria-label': 'Host name', autocomplete: 'off', spellcheck: 'false',
            autocapitalize: 'none', placeholder: 'shop.amazone.com', class: 'name'});
        const type = make('select', {'aria-label': 'Type'},
            ...types.map(t => make('option', {}, t)));
        return make('form', {class: 'ask row', onsubmit: event => {
            event.preventDefault();
            wishes.act(`client ${number} ${name.value.trim() || name.placeholder} ${type.value}`);
        }}, name, type, make('button', {type: 'submit'}, 'Ask'));
    };

    const conditionChoice = host => {
        const verbs = {runs: 'start', hangs: 'stop', ended: 'end'};
        const select = make('select', {'aria-label': `What ${host.name} does`, class: 'condition',
            onchange: () => wishes.act(`${verbs[select.value]} ${host.name}`)},
        ...Object.keys(verbs).map(word => make('option', {}, word)));
        return select;
    };

    const addHost = (host, number) => {
        const parts = {
            said: make('p', {class: 'said'}),
            table: make('table', {'data-host': host.name}),
            condition: host.role === 'attacker' ? null : conditionChoice(host),
        };
        const head = make('div', {class: 'host-head'},
            make('h3', {}, host.name), make('span', {class: 'address'}, host.address));
        if (parts.condition !== null)
            head.append(parts.condition);
        parts.card = make('article', {class: `host ${host.role}`, 'aria-label': host.name}, head);
        if (host.role === 'client')
            parts.card.append(askForm(number));
        parts.card.append(parts.said);
        if (host.table !== undefined)
            parts.card.append(make('div', {class: 'table'}, parts.table));
        if (host.records !== undefined)
            parts.card.append(make('p', {class: 'row'}, make('button', {type: 'button', class: 'quiet',
                onclick: () => wishes.edit(host.name)}, 'Edit its records')));
        const column = host.role === 'attacker' ? 'local' : host.role;
        root.querySelector(`[data-column=${column}]`).append(parts.card);
        hosts.set(host.name, parts);
    };

    /* A name that is too long for its column goes on behind a dot. */
    const breakable = text => text.split(/(?<=\.)/).flatMap((piece, i) => (i === 0 ? [piece] : [make('wbr'), piece]));

    /* The table as the program prints it: a header, then a record a line. */
    const showTable = (table, host) => {
        if (table.dataset.text === host.table)
            return;
        const before = new Set((table.dataset.text ?? host.table).split('\n').map(line => line.split(',')[0]));
        const [header, ...lines] = host.table.trim().split('\n').map(line => line.split(','));
        table.dataset.text = host.table;
        table.replaceChildren(
            make('caption', {}, `Records of ${host.name}`),
            make('thead', {}, make('tr', {}, ...header.map(word => make('th', {scope: 'col'}, word === 'record_no' ? 'no' : word)))),
            make('tbody', {}, ...lines.map(fields => make('tr', {
                class: [fields[5] === '1' ? 'static' : 'dynamic', before.has(fields[0]) ? '' : 'new'].join(' '),
            }, ...fields.map(field => make('td', {}, ...breakable(field)))))));
        table.classList.toggle('empty', lines.length === 0);
    };

    /* What a server decided about the last datagram that it read. */
    const decidedBy = (host, messages) => {
        const last = messages.findLast(m => m.to === host.name && m.verdict !== '');
        return last === undefined ? '' : `Frame ${last.frame}: ${last.verdict}`;
    };

    const saidOf = (host, messages) => {
        if (host.condition === 'ended')
            return 'Its program has ended: nobody listens.';
        if (host.condition === 'hangs')
            return 'It hangs: nothing goes in or out.';
        if (host.waits)
            return 'Waits for an answer ...';
        return host.role === 'client' ? host.said : decidedBy(host, messages);
    };

    const showHosts = (state, messages) => {
        const names = state.hosts.map(host => host.name).join();
        if (root.dataset.names !== names) {
            root.dataset.names = names;
            hosts.clear();
            root.querySelectorAll('.column').forEach(column => column.replaceChildren());
            let number = 0;
            for (const host of state.hosts)
                addHost(host, host.role === 'client' ? ++number : 0);
        }
        for (const host of state.hosts) {
            const parts = hosts.get(host.name);
            setText(parts.said, saidOf(host, messages));
            if (host.table !== undefined)
                showTable(parts.table, host);
            if (parts.condition !== null && parts.condition !== document.activeElement)
                parts.condition.value = host.condition;
            parts.card.classList.toggle('off', host.condition !== 'runs');
            if (host.role === 'attacker')
                parts.card.hidden = state.network.attacker === 'off' && !stage.attackerSpoke;
        }
    };

    /* ---- datagrams ---- */

    /* Where hosts stand, in the stage's own coordinates. */
    const measure = () => {
        const frame = root.getBoundingClientRect();
        places = new Map();
        for (const [name, parts] of hosts) {
            const box = parts.card.getBoundingClientRect();
            if (box.width > 0)
                places.set(name, {left: box.left - frame.left, right: box.right - frame.left,
                    y: box.top - frame.top + 2, column: parts.card.parentElement.dataset.column});
        }
        narrow = getComputedStyle(root).getPropertyValue('--narrow').trim() === '1';
    };

    /* The way between two hosts, as corners: straight across, or down a rail on the left. */
    const wayOf = (from, to) => {
        const a = places.get(from), b = places.get(to) ?? a;
        if (a === undefined)
            return null;
        if (narrow || a.column === b.column) {
            const rail = Math.max(9, Math.min(a.left, b.left) - 14);
            return [[a.left, a.y], [rail, a.y], [rail, b.y], [b.left, b.y]];
        }
        return a.left < b.left ? [[a.right, a.y], [b.left, b.y]] : [[a.left, a.y], [b.right, b.y]];
    };

    const pointOn = (way, part) => {
        const lengths = way.slice(1).map((p, i) => Math.hypot(p[0] - way[i][0], p[1] - way[i][1]));
        let left = part * lengths.reduce((sum, n) => sum + n, 0);
        for (let i = 0; i < lengths.length; i++) {
            if (left <= lengths[i] || i === lengths.length - 1) {
                const share = lengths[i] === 0 ? 0 : left / lengths[i];
                return [way[i][0] + (way[i + 1][0] - way[i][0]) * share, way[i][1] + (way[i + 1][1] - way[i][1]) * share];
            }
            left -= lengths[i];
        }
        return way[0];
    };

    /* Who speaks with whom: clients with the local server, that one with the name servers, and who did. */
    const pairsOf = (state, messages) => {
        const of = role => state.hosts.filter(host => host.role === role).map(host => host.name);
        const pairs = of('local').flatMap(local => [...of('client'), ...of('authority')].map(other => [other, local]));
        for (const m of messages.filter(message => message.forged || message.from === 'attacker'))
            pairs.push([m.from, m.to]);
        return pairs;
    };

    const drawWires = (state, messages) => {
        const ways = pairsOf(state, messages).map(pair => wayOf(...pair)).filter(way => way !== null);
        const lines = [...new Set(ways.map(way => `M${way.map(p => p.map(Math.round).join(' ')).join('L')}`))];
        if (wires.dataset.lines === lines.join())
            return;
        wires.dataset.lines = lines.join();
        wires.replaceChildren(...lines.map(line => {
            const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
            path.setAttribute('d', line);
            return path;
        }));
    };

    const addDatagram = m => {
        const element = make('button', {type: 'button', class: `datagram ${m.kind}${m.forged ? ' forged' : ''}`,
            'aria-label': `Frame ${m.frame}, under way from ${m.from} to ${m.to}: ${m.line}${m.forged ? ', forged' : ''}`,
            onclick: () => wishes.choose(m.frame)}, make('span', {}, m.label));
        air.append(element);
        flying.set(m.frame, element);
        return element;
    };

    /* One that does not arrive stays for a moment where it ends, crossed out. */
    const vanish = (element, m) => {
        element.classList.add('gone');
        element.setAttribute('aria-hidden', 'true');
        element.tabIndex = -1;
        element.firstChild.textContent = `\u2715 ${m.fate}`;
        setTimeout(() => element.remove(), 1600);
    };

    /* Datagrams that are under way at the same place stand under each other. */
    const showFlying = (messages, now, still, chosen) => {
        const there = new Set(), taken = [];
        for (const m of messages.filter(message => message.under_way)) {
            const way = wayOf(m.from, m.to);
            if (way === null)
                continue;
            const element = flying.get(m.frame) ?? addDatagram(m);
            const span = Math.max(1, m.until - m.since);
            const part = still ? 0.5 : Math.min(1, Math.max(0, (now - m.since) / span));
            const [x, y] = pointOn(way, part);
            let row = 0;
            while (taken.some(([tx, ty]) => Math.abs(tx - x) < 60 && Math.abs(ty - y - row * 24) < 20))
                row++;
            taken.push([x, y + row * 24]);
            element.style.transform = `translate(${x}px, ${y + row * 24}px) translate(${narrow ? '-8px' : '-50%'}, -50%)`;
            element.classList.toggle('chosen', m.frame === chosen);
            there.add(m.frame);
        }
        for (const [frame, element] of flying)
            if (!there.has(frame)) {
                const m = messages[frame - 1];
                flying.delete(frame);
                if (still || m === undefined || m.arrived)
                    element.remove();
                else
                    vanish(element, m);
            }
    };

    return {
        wishes,
        attackerSpoke: false,
        show(state, messages, now, still, chosen) {
            stage.attackerSpoke = messages.some(m => m.from === 'attacker');
            showHosts(state, messages);
            measure();
            drawWires(state, messages);
            showFlying(messages, now, still, chosen);
        },
        forget() {
            root.dataset.names = '';
        },
        setTypes(names) {
            types = names;
        },
    };
})();
