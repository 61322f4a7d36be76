// TAP: claims, each with what was wanted where it does not hold.
'use strict';
const util = require('node:util');

let n = 0, failed = 0;

function ok(claim, holds, about = '') {
    n++;
    console.log(`${holds ? 'ok' : 'not ok'} ${n} - ${claim}`);
    if (holds)
        return;
    failed++;
    const words = typeof about === 'string' ? about : util.inspect(about, {depth: 4});
    console.log(words.slice(0, 3000).replace(/^/gm, '    # '));
}

function same(claim, is, should) {
    ok(claim, util.isDeepStrictEqual(is, should), {is, should});
}

function skip(claim, why) {
    n++;
    console.log(`ok ${n} - ${claim} # SKIP ${why}`);
}

function finish() {
    console.log(`1..${n}`);
    process.exitCode = failed === 0 ? 0 : 1;
}

module.exports = {ok, same, skip, finish};
