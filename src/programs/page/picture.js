// node src/programs/page/picture.js FILE.png: the page at work, for the README. Needs Chromium.
'use strict';
const path = require('node:path');
const {find, open} = require('../../../tests/page/chromium.js');

const WIDTH = 1400, HEIGHT = 800, SCALE = 0.7;

(async () => {
    const tab = await open(find());
    const answer = i => tab.run(`document.querySelectorAll('#lesson-choices button')[${i}].click()`);
    await tab.size(WIDTH, HEIGHT);
    await tab.media('light', 'no-preference');
    await tab.go(`file://${path.resolve('build/page/nibdns.html')}#lesson=five-cases`);
    await answer(1);
    await tab.until("!document.getElementById('lesson-next').hidden");
    await tab.run("document.getElementById('lesson-next').click()");
    await answer(2);
    await tab.until("document.querySelector('.datagram.found') !== null");
    await tab.sleep(500);
    await tab.run("document.getElementById('play').click(); document.activeElement.blur()");
    await tab.shot(process.argv[2], WIDTH, HEIGHT, SCALE);
    await tab.close();
})();
