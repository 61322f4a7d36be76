/* The ladder, as nibpcap draws it: of this run, or of a capture that was opened. */

const ladder = (() => {
    const place = document.getElementById('ladder'), words = document.getElementById('capture-words');
    const close = document.getElementById('close-capture');
    const root = place.attachShadow({mode: 'open'}); /* its style stays inside */
    let opened = null, drawn = null; /* how many datagrams of this run are drawn; null: another capture */

    const draw = ({svg, fault}) => {
        setText(words, fault);
        root.innerHTML = svg;
    };

    const save = () => {
        const url = URL.createObjectURL(new Blob([machine.capture()], {type: 'application/vnd.tcpdump.pcap'}));
        const link = make('a', {href: url, download: 'nibdns.pcapng'});
        link.click();
        URL.revokeObjectURL(url);
    };

    const open = async file => {
        opened = new Uint8Array(await file.arrayBuffer());
        close.hidden = false;
        drawn = null;
        draw(machine.ladder(opened));
    };

    document.getElementById('save').addEventListener('click', save);
    document.getElementById('open').addEventListener('change', event => {
        if (event.target.files.length > 0)
            open(event.target.files[0]);
    });
    close.addEventListener('click', () => {
        opened = null;
        close.hidden = true;
        drawn = null;
        ladder.show();
    });

    return {
        show() {
            const count = messages.all().length;
            if (opened !== null || count === drawn)
                return;
            drawn = count;
            draw(machine.ladder(machine.capture()));
        },
    };
})();
