// node kaitai.js MODULES FILE: what a parser generated from proto/nibdns.ksy says of datagrams, a line
// of hex each (- is standard input), in the format of tests/wireshark/verdicts.sh. MODULES is the folder
// into which package.json was installed.
//
// What the description cannot say, and this program adds:
//   NIB-4.2, NIB-4.3  whether a result is an `ipv4` or an `ipv6`
//   the octet that is reported: an error of the parser names the field and where it stopped reading
'use strict';
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');

const [modules, input] = process.argv.slice(2);
if (input === undefined) {
    console.error('usage: kaitai.js MODULES FILE');
    process.exit(2);
}
const requireFrom = createRequire(path.join(path.resolve(modules), 'package.json'));
const { KaitaiStream } = requireFrom('kaitai-struct');
const KaitaiStructCompiler = requireFrom('kaitai-struct-compiler');
const yaml = requireFrom('js-yaml');

// The runtime's errors forget in which field they arose; these do not.
for (const kind of ['NotEqual', 'LessThan', 'GreaterThan', 'NotAnyOf', 'NotInEnum', 'Expr']) {
    KaitaiStream[`Validation${kind}Error`] = class extends Error {
        constructor(...args) {
            super(kind);
            [this.io, this.field] = args.slice(-2);
        }
    };
}

const ksy = yaml.load(fs.readFileSync(path.join(__dirname, '../../proto/nibdns.ksy'), 'utf8'));

// With its debug mode, which leaves an object as far as it was read when an error ends it.
async function compile() {
    const files = await KaitaiStructCompiler.compile('javascript', ksy, null, true);
    const module = { exports: {} };
    new Function('module', 'exports', 'require', files['Nibdns.js'])(module, module.exports, requireFrom);
    return module.exports.Nibdns;
}

// '/types/answer/seq/3' -> the description of that field.
function fieldAt(where) {
    return where.split('/').slice(1).reduce((at, key) => at[key], ksy);
}

// The first octet of the field in which the parser stopped; it has read that far and no further.
function brokenAt(error) {
    const base = error.io.byteOffset, field = fieldAt(error.field);
    switch (field.id) {
    case 'miss_has_ttl_0':
        return base - 5; // the TTL, before the length octet
    case 'end':
        return base + error.io.pos;
    case 'ttl':
        return base + error.io.pos - 4;
    default: // an octet, part of one, or a check of the octet just read
        return base + error.io.pos - 1;
    }
}

function isIpv4(text) {
    return /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text) &&
        text.split('.').every((part) => Number(part) <= 255);
}

function isIpv6(text) {
    const dotted = /^(.*:)([^:]*\.[^:]*)$/s.exec(text);
    if (dotted !== null) {
        if (!isIpv4(dotted[2]))
            return false;
        text = `${dotted[1]}0:0`;
    }
    const side = '[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*';
    const match = new RegExp(`^(${side})?(::)?(${side})?$`).exec(text);
    if (match === null || (match[2] === undefined && match[3] !== undefined))
        return false;
    const count = (part) => (part === undefined ? 0 : part.split(':').length);
    return match[2] === undefined ? count(match[1]) === 8 : count(match[1]) + count(match[3]) <= 7;
}

// The first rule that a message breaks for the parser, as `RULE OCTET`; undefined: none.
function parse(m, octets) {
    try {
        m._read();
        return undefined;
    } catch (error) {
        if (error instanceof KaitaiStream.EOFError)
            return `NIB-2.1 ${octets.byteLength}`;
        if (error.field === undefined)
            throw error;
        return `${fieldAt(error.field).doc} ${brokenAt(error)}`;
    }
}

// The same for the results that are left to this program; what lies behind the result comes later.
function checkResult({ atype, result }, type) {
    const rules = { [type.A]: ['NIB-4.2', isIpv4], [type.AAAA]: ['NIB-4.3', isIpv6] };
    if (result.isMiss || rules[atype] === undefined || rules[atype][1](result.text))
        return undefined;
    return `${rules[atype][0]} ${result._io.byteOffset}`;
}

function verdict(Nibdns, octets) {
    const m = new Nibdns(new KaitaiStream(octets));
    let broken = parse(m, octets);
    if (m.answer !== undefined && (broken === undefined || broken.startsWith('NIB-2.7')))
        broken = checkResult(m.answer, Nibdns.RrType) || broken;
    if (broken !== undefined)
        return `invalid ${broken}`;
    const line = `valid id=${m.transactionId} flag=${m.flag} qtype=${m.qtype} qname=${m.qname.text}`;
    if (m.answer === undefined)
        return line;
    const { atype, aname, ttl, result } = m.answer;
    return `${line} atype=${atype} aname=${aname.text} ttl=${ttl} result=${result.text}`;
}

function toOctets(hex) {
    const octets = Buffer.from(hex.replace(/\s/g, ''), 'hex');
    return octets.buffer.slice(octets.byteOffset, octets.byteOffset + octets.length);
}

compile().then((Nibdns) => {
    const lines = fs.readFileSync(input === '-' ? 0 : input, 'latin1').split('\n');
    lines.pop();
    const said = lines.map((line) => verdict(Nibdns, toOctets(line)));
    process.stdout.write(said.map((line) => `${line}\n`).join(''));
}).catch((error) => {
    console.error(error);
    process.exit(2);
});
