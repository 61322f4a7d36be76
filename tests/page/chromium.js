// Chromium without a window, driven over its debugging pipe.
'use strict';
const {spawn} = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const SWITCHES = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'];

function find() {
    const names = ['chromium', 'chromium-browser', 'google-chrome'];
    const folders = (process.env.PATH ?? '').split(':');
    return names.flatMap(name => folders.map(folder => path.join(folder, name))).find(file => fs.existsSync(file));
}

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

async function open(program) {
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'nibdns-page-'));
    const child = spawn(program, [...SWITCHES, `--user-data-dir=${profile}`, '--remote-debugging-pipe'],
        {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']});
    const waiting = new Map();
    let id = 0, rest = '', listener = () => {};

    child.stdio[4].on('data', data => {
        const pieces = (rest + data).split('\0');
        rest = pieces.pop();
        for (const piece of pieces) {
            const message = JSON.parse(piece);
            if (message.id === undefined)
                listener(message);
            else
                waiting.get(message.id)(message);
        }
    });
    const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
        waiting.set(++id, ({result, error}) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result)));
        child.stdio[3].write(`${JSON.stringify({id, method, params, sessionId})}\0`);
    });

    const {targetId} = await send('Target.createTarget', {url: 'about:blank'});
    const {sessionId} = await send('Target.attachToTarget', {targetId, flatten: true});
    const tab = {complaints: [], requests: [], profile, sleep};
    listener = ({method, params}) => {
        if (method === 'Runtime.exceptionThrown')
            tab.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
        if (method === 'Runtime.consoleAPICalled')
            tab.complaints.push(JSON.stringify(params.args));
        if (method === 'Log.entryAdded')
            tab.complaints.push(params.entry.text);
        if (method === 'Network.requestWillBeSent')
            tab.requests.push(params.request.url.slice(0, 200));
    };
    tab.send = (method, params) => send(method, params, sessionId);
    for (const domain of ['Runtime', 'Log', 'Page', 'Network', 'DOM', 'Accessibility'])
        await tab.send(`${domain}.enable`);

    tab.run = async expression => {
        const {result, exceptionDetails} = await tab.send('Runtime.evaluate',
            {expression, awaitPromise: true, returnByValue: true});
        if (exceptionDetails)
            throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
        return result.value;
    };
    tab.until = async (expression, ms = 15000) => {
        for (const end = Date.now() + ms; Date.now() < end; await sleep(30))
            if (await tab.run(expression))
                return true;
        return false;
    };
    tab.go = async url => {
        await tab.send('Page.navigate', {url: 'about:blank'});
        await tab.send('Page.navigate', {url});
        if (!await tab.until("document.documentElement?.dataset.ready !== undefined"))
            throw new Error(`${url} is not ready`);
    };
    tab.size = (width, height) => tab.send('Emulation.setDeviceMetricsOverride',
        {width, height, deviceScaleFactor: 1, mobile: width < 600});
    tab.media = (scheme, motion) => tab.send('Emulation.setEmulatedMedia', {features: [
        {name: 'prefers-color-scheme', value: scheme}, {name: 'prefers-reduced-motion', value: motion}]});
    tab.key = async (key, code, text) => {
        const common = {key, code: key, windowsVirtualKeyCode: code, nativeVirtualKeyCode: code};
        await tab.send('Input.dispatchKeyEvent', {type: text ? 'keyDown' : 'rawKeyDown', text, ...common});
        await tab.send('Input.dispatchKeyEvent', {type: 'keyUp', ...common});
    };
    tab.download = folder => send('Browser.setDownloadBehavior', {behavior: 'allow', downloadPath: folder});
    tab.shot = async (file, width, height, scale) => {
        const clip = {x: 0, y: 0, width, height, scale};
        const {data} = await tab.send('Page.captureScreenshot', {captureBeyondViewport: true, clip});
        fs.writeFileSync(file, Buffer.from(data, 'base64'));
    };
    tab.close = () => new Promise(resolve => {
        child.on('exit', () => {
            fs.rmSync(profile, {recursive: true, force: true, maxRetries: 5, retryDelay: 100});
            resolve();
        });
        send('Browser.close').catch(() => child.kill());
    });
    return tab;
}

module.exports = {find, open, SWITCHES};
