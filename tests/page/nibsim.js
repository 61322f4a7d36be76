// nibsim compiled for WebAssembly: the same run for the same seed as the program's.
'use strict';
const {spawnSync} = require('node:child_process');
const fs = require('node:fs');
const {ok, same, skip} = require('./tap.js');

const MODULE = 'build/wasi/nibsim.wasm', SEEDS = 10, HOURS = '0.01';

// Run as `node nibsim.js run SEED`: a process of its own, since a program's output goes to standard output.
async function run(seed) {
    const {WASI} = require('node:wasi');
    const wasi = new WASI({version: 'preview1', args: ['nibsim', '--seed', seed, '--runs', '1', '--hours', HOURS], returnOnExit: true});
    const module = await WebAssembly.compile(fs.readFileSync(MODULE));
    process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
}

const digest = ({stdout}) => stdout.match(/^digest .*$/m)?.[0] ?? stdout.slice(-300);
const get = (command, ...args) => digest(spawnSync(command, args, {encoding: 'utf8', timeout: 120000}));

function everything() {
    const probe = spawnSync('clang', ['--target=wasm32-wasi', '-x', 'c', '-', '-o', '/dev/null'],
        {input: 'int main(void) { return 0; }'});
    if (probe.status !== 0) {
        skip("nibsim's digests in WebAssembly", 'no WASI: apt-get install wasi-libc libclang-rt-dev-wasm32');
        return;
    }
    const made = spawnSync('make', ['--no-print-directory', MODULE], {encoding: 'utf8'});
    ok('nibsim is compiled for WebAssembly', made.status === 0, made.stderr);
    for (let seed = 1; seed <= SEEDS; seed++)
        same(`nibsim --seed ${seed} goes the same way in WebAssembly`,
            get(process.execPath, '--no-warnings', __filename, 'run', `${seed}`), get('bin/nibsim', '--seed', `${seed}`, '--runs', '1', '--hours', HOURS));
}

if (process.argv[2] === 'run')
    run(process.argv[3]);
else
    module.exports = {everything};
