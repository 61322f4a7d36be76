// The page in Chromium: what a person and a program see of it.
'use strict';
const {spawnSync} = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {ok, same, skip} = require('./tap.js');
const {find, open, SWITCHES} = require('./chromium.js');
const {lesson} = require('./module.js');

const page = path.resolve('build/page/nibdns.html');
const url = fragment => `file://${page}${fragment}`;
const lessons = fs.readFileSync('src/programs/page/join.sh', 'utf8').match(/^lessons='(.*)'$/m)[1].split(' ')
    .filter(name => fs.existsSync(`src/programs/page/lessons/${name}.txt`));
const texts = name => lesson(`src/programs/page/lessons/${name}.txt`);

const LINES = "[...document.querySelectorAll('[data-messages] li')].map(li => li.textContent)";
const TABLES = `Object.fromEntries([...document.querySelectorAll('table[data-host]')].map(table =>
    [table.dataset.host, [...table.tBodies[0].rows].map(row => [...row.querySelectorAll('td')].map(td => td.textContent).join())]))`;
const CLOCK = "document.querySelector('output[data-clock]').textContent";
const look = async tab => ({lines: await tab.run(LINES), tables: await tab.run(TABLES), clock: await tab.run(CLOCK)});

// ---- what a program sees ----

function dumped(program) {
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'nibdns-page-'));
    const {stdout} = spawnSync(program, [...SWITCHES, `--user-data-dir=${profile}`, '--dump-dom', url('#lesson=five-cases&end')],
        {encoding: 'utf8', timeout: 60000});
    fs.rmSync(profile, {recursive: true, force: true, maxRetries: 5, retryDelay: 100});
    same('--dump-dom has the twelve datagrams, numbered', [...stdout.matchAll(/<li [^>]*data-frame="(\d+)"/g)].map(m => Number(m[1])),
        Array.from({length: 12}, (_, i) => i + 1));
    ok('--dump-dom has the last answer, with sender and receiver',
        /data-frame="12"[^>]*>(<[^>]*>)*local → client: Response A shop\.amazone\.com 3\.33\.147\.88 ttl 60 id 2</.test(stdout), stdout.slice(-3000));
    const table = stdout.match(/<table data-host="local"[\s\S]*?<\/table>/)?.[0] ?? '';
    const rows = [...table.matchAll(/<tr[^>]*>((<td>.*?<\/td>)+)/g)].map(m => m[1].replace(/<wbr>/g, '').replace(/<td>|<\/td>/g, '|'));
    same("--dump-dom has the local server's table, six fields a record", rows.at(-1), '|5||shop.amazone.com||A||3.33.147.88||60||0|');
    ok('--dump-dom has the simulated time', /<output data-clock=""[^>]*>62\.200 s<\/output>/.test(stdout), table);
}

// ---- lessons ----

// Answers each question right, then steps on until the lesson says why.
async function playLesson(tab, name, {choose, step, next}) {
    const text = texts(name);
    let told = true, sent = 0;
    await tab.go(url(`#lesson=${name}`));
    const before = await tab.run(`[document.getElementById('lesson-why').textContent, ${LINES}.length,
        document.querySelectorAll('#lesson-choices .right').length]`);
    same(`lesson ${name} asks before it shows`, before, ['', 0, 0]);
    for (const [i, part] of text.steps.entries()) {
        const why = `document.getElementById('lesson-why').textContent === ${JSON.stringify(part.why)}`;
        await choose(tab, part.right);
        for (let events = 0; events < 60 && !await tab.run(why); events++)
            await step(tab);
        sent += part.sends;
        told = told && await tab.run(`${why} && ${LINES}.length === ${sent}`);
        if (i < text.steps.length - 1)
            await next(tab);
    }
    return told;
}

const byClick = {
    choose: (tab, i) => tab.run(`document.querySelectorAll('#lesson-choices button')[${i}].click()`),
    step: tab => tab.run("document.getElementById('step').click()"),
    next: tab => tab.run("document.getElementById('lesson-next').click()"),
};

const byKeyboard = {
    async choose(tab, i) {
        const wanted = `document.querySelectorAll('#lesson-choices button')[${i}]`;
        for (let tabs = 0; tabs < 60 && !await tab.run(`document.activeElement === ${wanted}`); tabs++)
            await tab.key('Tab', 9);
        await tab.key('Enter', 13, '\r');
    },
    step: tab => tab.key('ArrowRight', 39),
    next: tab => tab.key('Enter', 13, '\r'), // the focus is there
};

async function lessonsArePlayed(tab) {
    for (const name of lessons) {
        ok(`lesson ${name}, by clicks, to its end`, await playLesson(tab, name, byClick), await look(tab));
        const clicked = await look(tab);
        ok(`lesson ${name}, by keyboard alone`, await playLesson(tab, name, byKeyboard), await look(tab));
        await tab.go(url(`#lesson=${name}&end`));
        const end = await look(tab);
        same(`lesson ${name} ends as its link with &end`, clicked.lines, end.lines);
    }
}

async function playsByItself(tab) {
    await tab.go(url('#lesson=five-cases'));
    await tab.run("document.getElementById('speed').value = '60'; document.querySelectorAll('#lesson-choices button')[1].click()");
    ok('an answered lesson plays by itself, and then offers to go on', await tab.until("!document.getElementById('lesson-next').hidden"));
    same('and the focus is there', await tab.run('document.activeElement.id'), 'lesson-next');
}

// ---- a person at work ----

async function handsOn(tab) {
    await tab.go(url('#seed=4&delay=400'));
    await tab.run("document.querySelector('.host.client .name').value = 'shop.amazone.com'; document.querySelector('.host.client .ask button').click()");
    await tab.until("document.querySelector('.datagram') !== null");
    await tab.run("document.getElementById('play').click(); document.querySelector('.datagram').click()");
    ok('a datagram under way can be chosen, and shows its fields',
        await tab.run("document.querySelectorAll('#detail .fields tbody tr').length === 5 && document.querySelectorAll('#detail .octet').length === 22"));
    await tab.run("[...document.querySelectorAll('#detail button')].find(b => b.textContent === 'Drop it').click()");
    ok('it can be dropped', (await tab.run('messages.of(1).fate')) === 'dropped by hand');
    await tab.run("document.getElementById('back').click()");
    ok('and that can be taken back', (await tab.run('messages.of(1).fate')) === 'under way');
    await tab.run("document.getElementById('play').click()");
    await tab.until('machine.next() < 0', 20000);
    const run = await look(tab), link = await tab.run('location.hash');
    await tab.go(url(`${link}&end`));
    same('the link to a run makes it again', (await look(tab)).lines, run.lines);
    same('and gives the same link', await tab.run('link.of(player.state())'), link);
}

async function stepsBack(tab) {
    await tab.go(url('#seed=5&loss=20&delay=30-90&do=0+client+1+shop.amazone.com;10+client+2+cloud.amazone.com&end'));
    const [steps, equal] = await tab.run(`(() => {
        const sum = () => machine.memory().reduce((h, word) => Math.imul(h ^ word, 16777619) >>> 0, 2166136261);
        const go = () => document.getElementById('step').click(), back = () => document.getElementById('back').click();
        const seen = [];
        while (past.can()) { seen.push(sum()); back(); }
        let n = 0, equal = true;
        const again = [sum()];
        while (machine.next() >= 0) { go(); n++; again.push(sum()); back(); equal = equal && sum() === again.at(-2); go(); }
        return [n, equal && JSON.stringify(again.slice(1).reverse()) === JSON.stringify(seen)];
    })()`);
    ok(`each of ${steps} steps taken back leaves the memory as if it had not been taken`, steps > 8 && equal);
}

async function recordsAreEdited(tab) {
    await tab.go(url('#seed=1'));
    await tab.run("[...document.querySelectorAll('.host.authority button')].find(b => b.textContent === 'Edit its records').click()");
    await tab.run("const area = document.getElementById('records-text'); area.value = area.value.replace('3.33.147.88', '3.33.147'); document.getElementById('records-save').click()");
    ok("a fault in the records is told in the reader's own words",
        /^line 2: .*3\.33\.147/.test(await tab.run("document.getElementById('records-fault').textContent")) && await tab.run("document.getElementById('records').open"),
        await tab.run("document.getElementById('records-fault').textContent"));
    await tab.run("area.value = area.value.replace('3.33.147', '9.9.9.9'); document.getElementById('records-save').click()");
    ok('right ones are taken', (await tab.run(TABLES)).amazone.some(row => row.includes(',9.9.9.9,')), await tab.run(TABLES));
}

// ---- files ----

async function files(tab) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nibdns-page-'));
    await tab.download(folder);
    await tab.go(url('#lesson=five-cases&end'));
    await tab.run("document.getElementById('save').click()");
    for (let i = 0; i < 100 && !fs.readdirSync(folder).some(name => /^nibdns\.pcap(ng)?$/.test(name)); i++)
        await tab.sleep(50);
    const file = path.join(folder, fs.readdirSync(folder)[0] ?? 'none');
    const check = spawnSync('bin/nibpcap', ['check', file], {encoding: 'utf8'});
    ok('what is saved is fine for nibpcap check', check.status === 0 && /nothing wrong/.test(check.stdout), check.stdout + check.stderr);
    const shark = spawnSync('tshark', ['-r', file, '-T', 'fields', '-e', 'udp.payload'], {encoding: 'utf8'});
    if (shark.error)
        skip('what is saved opens in tshark', 'no tshark');
    else
        same('what is saved opens in tshark', shark.stdout.trim().split('\n').filter(line => line !== '').length, 12);
    const {root} = await tab.send('DOM.getDocument');
    const {nodeId} = await tab.send('DOM.querySelector', {nodeId: root.nodeId, selector: '#open'});
    await tab.send('DOM.setFileInputFiles', {nodeId, files: [path.resolve('pcap/real-failover.pcap')]});
    await tab.until("!document.getElementById('close-capture').hidden");
    const svg = path.join(folder, 'ladder.svg');
    spawnSync('bin/nibpcap', ['ladder', 'pcap/real-failover.pcap', '-o', svg]);
    const shown = await tab.run("[...document.getElementById('ladder').shadowRoot.querySelectorAll('g title')].map(title => title.textContent)");
    same('a capture that is opened is drawn as nibpcap ladder draws it', shown,
        [...fs.readFileSync(svg, 'utf8').matchAll(/<g [^>]*><title>(.*?)<\/title>/g)].map(m => m[1].replace(/&gt;/g, '>').replace(/&amp;/g, '&')));
    fs.rmSync(folder, {recursive: true});
}

// ---- for everybody ----

const FITS = 'document.documentElement.scrollWidth <= document.documentElement.clientWidth';

// All texts whose contrast with what is behind them is below 4.5.
const FAINT = `(() => {
    const parse = text => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = element => {
        for (let e = element; e !== null; e = e.parentElement) {
            const colour = parse(getComputedStyle(e).backgroundColor);
            if (colour.length < 4 || colour[3] > 0.99) return colour;
        }
        return [255, 255, 255];
    };
    const faint = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const element = node.parentElement;
        if (node.textContent.trim() === '' || element.closest('script, option, [hidden]') || element.getClientRects().length === 0) continue;
        const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < 4.5) faint.push([contrast.toFixed(2), element.tagName, element.className, node.textContent.slice(0, 40)]);
    }
    return faint;
})()`;

async function widthsAndColours(tab) {
    const wide = [], faint = [];
    for (const name of lessons) {
        await tab.go(url(`#lesson=${name}&end`));
        await tab.run("document.querySelector('[data-frame=\"2\"] button')?.click(); document.getElementById('network').open = true");
        for (const width of [320, 1400]) {
            await tab.size(width, 900);
            if (!await tab.run(FITS))
                wide.push([name, width]);
            for (const scheme of ['light', 'dark']) {
                await tab.media(scheme, 'no-preference');
                faint.push(...(await tab.run(FAINT)).map(found => [name, width, scheme, ...found]));
            }
        }
    }
    same('320 and 1400 pixels wide, nothing scrolls sideways', wide, []);
    same('light and dark, every text has a contrast of 4.5', faint, []);
    await tab.media('light', 'no-preference');
}

async function holdsStill(tab) {
    const place = "document.querySelector('.datagram')?.style.transform";
    await tab.media('light', 'reduce');
    await tab.go(url('#seed=1&delay=200&do=0+client+1+www.csusm.edu'));
    await tab.until("document.querySelector('.datagram') !== null");
    const places = new Set();
    for (let i = 0; i < 8; i++) {
        places.add(await tab.run(place));
        await tab.sleep(40);
    }
    places.delete(undefined);
    same('with reduced motion a datagram holds still', places.size, 1);
    ok('and the run ends all the same', await tab.until('machine.next() < 0'));
    await tab.media('light', 'no-preference');
    await tab.go(url('#seed=1&delay=200&do=0+client+1+www.csusm.edu'));
    await tab.until("document.querySelector('.datagram') !== null");
    const first = await tab.run(place);
    await tab.sleep(150);
    ok('without it, it moves', await tab.run(place) !== first);
}

async function isReadAloud(tab) {
    await tab.go(url('#lesson=malformed&end'));
    await tab.run("document.querySelector('[data-frame=\"1\"] button').click()");
    const {nodes} = await tab.send('Accessibility.getFullAXTree');
    const seen = nodes.filter(node => !node.ignored);
    const of = role => seen.filter(node => node.role?.value === role);
    const controls = ['button', 'link', 'textbox', 'combobox', 'spinbutton', 'table', 'dialog'].flatMap(of);
    same('every control and table has a name for a screen reader', controls.filter(node => (node.name?.value ?? '') === '')
        .map(node => [node.role.value, node.nodeId]), []);
    ok('tables are tables, lists are lists, one heading leads', of('table').length >= 4 && of('columnheader').length >= 24 &&
        of('listitem').length > 8 && of('heading').length >= 6, seen.map(node => node.role?.value).join(' '));
    const status = await tab.run("document.querySelectorAll('[role=status]').length + [...document.querySelectorAll('output')].filter(o => o.getAttribute('aria-live') !== 'off').length");
    same('one live region speaks, the clock does not', status, 1);
}

async function everything() {
    const program = find();
    if (program === undefined) {
        skip('the page in a browser', 'no chromium');
        return;
    }
    dumped(program);
    const tab = await open(program);
    try {
        await tab.size(1400, 900);
        await tab.media('light', 'no-preference');
        for (const part of [lessonsArePlayed, playsByItself, handsOn, stepsBack, recordsAreEdited, files, widthsAndColours, holdsStill, isReadAloud])
            await part(tab).catch(error => ok(`${part.name}: ${error.message}`, false, error.stack));
        same('nothing was complained of', tab.complaints, []);
        same('nothing was asked for but the file', [...new Set(tab.requests.filter(u => u !== 'about:blank')
            .map(u => u.split('#')[0]))].filter(u => !u.startsWith('blob:')), [url('')]);
    } finally {
        await tab.close();
    }
}

module.exports = {everything};
