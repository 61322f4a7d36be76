// All tests of the page that need it built: node tests/page/run.js, from the project's root.
'use strict';
const {finish} = require('./tap.js');

(async () => {
    require('./logic.js').everything();
    await require('./programs.js').everything();
    require('./nibsim.js').everything();
    await require('./browser.js').everything();
    finish();
})();
