/* One datagram: its octets, with each field marked and named, what was decided, and what one can do to it. */

const detail = (() => {
    const body = document.getElementById('detail-body'), none = document.getElementById('detail-none');
    const title = document.getElementById('detail-title');
    const wishes = {act: null};
    let shown = '';

    const hex = octet => octet.charCodeAt(0).toString(16).padStart(2, '0');
    const printable = octet => (octet > ' ' && octet <= '~' ? octet : '\u00b7');

    /* The fields that an octet belongs to: one, or two that share it. */
    const fieldsAt = (shape, place) => shape.fields.map((f, i) => [f, i])
        .filter(([f]) => place >= f.from && place < f.from + f.len).map(([, i]) => i);

    const light = (root, index, on) => root.querySelectorAll(`[data-field~="${index}"]`)
        .forEach(element => element.classList.toggle('lit', on));

    const octetCells = shape => [...shape.octets].map((octet, place) => {
        const fields = fieldsAt(shape, place);
        return make('span', {
            class: `octet hue-${(fields[0] ?? 0) % 6}${fields.length > 1 ? ' two' : ''}${place === shape.bad ? ' bad' : ''}`,
            'data-field': fields.join(' '), title: `octet ${place}`,
        }, make('b', {}, hex(octet)), make('i', {}, printable(octet)));
    });

    const rangeOf = f => {
        if (f.len === 0)
            return 'none of them is there';
        const range = f.len === 1 ? `${f.from}` : `${f.from} to ${f.from + f.len - 1}`;
        return f.bits === undefined ? range : `${range}, ${f.bits} half`;
    };

    const fieldRows = (shape, root) => shape.fields.map((f, i) => make('tr', {
        'data-field': i, tabindex: '0',
        class: f.bad ? 'bad' : '',
        onmouseenter: () => light(root, i, true), onmouseleave: () => light(root, i, false),
        onfocus: () => light(root, i, true), onblur: () => light(root, i, false),
    }, make('th', {scope: 'row'}, make('span', {class: `chip hue-${i % 6}`, 'aria-hidden': 'true'}), f.name),
    make('td', {}, f.value.replace(/[^ -~]/g, '\u00b7')), make('td', {}, rangeOf(f)), make('td', {}, f.rules)));

    const fact = (name, words) => (words === '' ? [] : [make('dt', {}, name), make('dd', {}, words)]);

    const handForms = m => {
        const act = words => () => wishes.act(words());
        const later = make('input', {type: 'number', min: '1', max: '60000', value: '1000', 'aria-label': 'Milliseconds'});
        const place = make('input', {type: 'number', min: '0', value: '0', 'aria-label': 'Octet'});
        const value = make('input', {type: 'text', size: '3', maxlength: '2', value: 'ff', 'aria-label': 'Becomes, in hex'});
        return make('div', {class: 'hands'},
            make('p', {class: 'row'},
                make('button', {type: 'button', onclick: act(() => `drop ${m.frame}`)}, 'Drop it'),
                make('button', {type: 'button', onclick: act(() => `copy ${m.frame}`)}, 'Let it come twice'),
                make('button', {type: 'button', onclick: act(() => `delay ${m.frame} ${later.value}`)}, 'Delay it by'), later, 'ms'),
            make('p', {class: 'row'},
                make('button', {type: 'button', onclick: act(() => `change ${m.frame} ${place.value} ${value.value}`)}, 'Change octet'),
                place, 'to', value));
    };

    const forgeForm = m => {
        const result = make('input', {type: 'text', value: '6.6.6.6', 'aria-label': 'The lie', size: '14'});
        const off = make('input', {type: 'number', min: '0', value: '0', 'aria-label': 'How far the ID is off'});
        return make('p', {class: 'row hands'},
            make('button', {type: 'button', onclick: () => wishes.act(`forge ${m.frame} ${result.value} ${off.value}`)},
                'Answer it with a lie'), result, make('span', {}, 'ID off by'), off);
    };

    const render = (m, shape) => {
        const root = make('div', {});
        root.append(
            make('p', {class: 'line'}, m.line),
            make('dl', {},
                ...fact('From', `${m.from} (${shape.source})${m.forged ? ', forged by the attacker' : ''}`),
                ...fact('To', `${m.to} (${shape.target})`),
                ...fact('Sent', `at ${messages.seconds(m.sent)} s`),
                ...fact('Why', m.why),
                ...fact('Became of it', m.under_way ? m.fate : `${m.fate}, at ${messages.seconds(m.until)} s`),
                ...fact('Decided', m.verdict),
                ...fact('Breaks', shape.rule === '' ? '' : `${shape.rule}: ${shape.words}, at octet ${shape.bad}`)),
            make('div', {class: 'octets', role: 'img', 'aria-label': `${shape.octets.length} octets, listed by field below`},
                ...octetCells(shape)),
            make('div', {class: 'table'}, make('table', {class: 'fields'},
                make('caption', {}, 'Its fields, in the order of the octets'),
                make('thead', {}, make('tr', {}, ...['Field', 'Value', 'Octets', 'Rules'].map(word => make('th', {scope: 'col'}, word)))),
                make('tbody', {}, ...fieldRows(shape, root)))));
        if (m.under_way)
            root.append(handForms(m));
        if (m.kind === 'query')
            root.append(forgeForm(m));
        return root;
    };

    return {
        wishes,
        show(m) {
            const key = m === undefined ? '' : JSON.stringify(m);
            if (key === shown)
                return;
            shown = key;
            none.hidden = m !== undefined;
            body.hidden = m === undefined;
            title.textContent = m === undefined ? 'One datagram' : `Datagram ${m.frame}: ${m.from} \u2192 ${m.to}`;
            body.replaceChildren(...(m === undefined ? [] : [render(m, machine.octets(m.frame))]));
        },
        focus: () => title.focus(),
    };
})();
