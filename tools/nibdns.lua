-- Wireshark dissector for nibdns, a simplified DNS over UDP.
--
-- Wireshark and tshark 4.0 and later (Lua 5.2 and 5.4, so neither bit32 nor & >> //). For yourself
-- `tools/wireshark/install-dissector.sh`, once only `tshark -X lua_script:tools/nibdns.lua`.
--
-- Where it looks
--   UDP ports 21000 and 22000, or what the preference `nibdns.ports` says (ranges; may be empty);
--   Decode As; and a heuristic on every other UDP port (`--disable-heuristic nibdns_udp` ends it)
--   that takes exactly the datagrams that decode, so whatever it takes is shown without a fault.
--
-- Filters beside the fields of the message
--   nibdns.malformed                an error: the first rule broken, in the codec's words
--   nibdns.malformed.rule, .at      that rule ("NIB-3.2") and the octet, counted from 0
--   nibdns.malformed.RULE           an expert info for each rule: short flag qtype reserved atype
--                                   ttl trailing name_len name_octet name_empty name_label result_len
--                                   result_a result_aaaa miss_ttl
--   nibdns.mismatch.WHY             why a message is not the answer that is waited for: flag
--                                   (a query came), id, question, answer, source (another socket);
--                                   nibdns.mismatch_with is the frame of the query that waits
--   nibdns.icmp_for, .icmp_in       the query that an ICMP error quotes, and that error's frame
--   nibdns.copy_of                  the same datagram, captured twice
--   nibdns.expert.WHAT              retransmission duplicate differs copy unsolicited unanswered
--                                   not_found failure referral cut icmp
--   What an ICMP error quotes has the message's fields too: `&& !icmp && !icmpv6` leaves it out.
--   The booleans (miss, referral, unsolicited, unanswered) are there when they are true.
--   What a program decided stands in the packet comments of its own capture (--write FILE.pcapng):
--   `frame.comment contains "wrong ID" && nibdns.qry.name == "www.csusm.edu"`.
--
-- How messages are paired: section 4. Who speaks (nibdns.from, nibdns.to): who has a server's port
-- is `local` or `amazone`; a local server asks upstream from sockets of its own; who asks it is
-- `client PORT`, anybody else `other PORT`. Further servers have numbers, in the order of their
-- first frame. Which request caused a query upstream (nibdns.forwarded_for): the oldest waiting
-- one that wants that type and name (its own, an alias' target, a name server's address), else the
-- only one that waits.
--   What lies ahead in the capture (nibdns.response_in, forwarded_in, retransmitted_in, unanswered,
--   icmp_in) is known in a second pass: always in Wireshark, with -2 in tshark. All else is the
--   same in one pass.
--
-- Statistics: tshark -q -z nibdns,stat[,FILTER] -r FILE; in Wireshark Statistics > nibdns
--
-- Below: 1. the protocol, 2. the codec, 3. fields, 4. exchanges, 5. the tree and the columns,
-- 6. where the dissector is called, 7. statistics.

---------------------------------------------------------------------------------------------------
-- 1. The protocol
--
--      0                   1                   2                   3
--      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
--     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
--   0 |                      Transaction ID (32)                      |
--     +-------+-------+---------------+-------------------------------+
--   4 | Flag  | QType |   QName len   |  Question name (1..253) ...
--     +-------+-------+---------------+---------------
--       a response goes on, directly behind the question name:
--     +-------+-------+---------------+---------------
--     | zero  | AType |   AName len   |  Answer name (1..253) ...
--     +-------+-------+---------------+---------------+---------------+
--     |                           TTL (32)                            |
--     +---------------+-----------------------------------------------+
--     |  Result len   |  Result (1..253) ...
--     +---------------+---------------
---------------------------------------------------------------------------------------------------

local QUERY, RESPONSE = 0, 1
local FLAGS = { [QUERY] = "Query", [RESPONSE] = "Response" }

local A, AAAA, CNAME, NS = 8, 4, 2, 1
local TYPES = { [A] = "A", [AAAA] = "AAAA", [CNAME] = "CNAME", [NS] = "NS" }
local TYPE_ORDER = { A, AAAA, CNAME, NS }
local TYPE_NAMES = {}
for i, code in ipairs(TYPE_ORDER) do
    TYPE_NAMES[i] = TYPES[code]
end
local NO_TYPE = " type is none of " .. table.concat(TYPE_NAMES, ", ")

local TEXT_MAX, LABEL_MAX, TTL_MAX = 253, 63, 2147483647

local NOT_FOUND, FAILURE = "Record not found", "Server failure"
local OUTCOMES = { [NOT_FOUND] = "not_found", [FAILURE] = "failure" } -- any other text is "found"

-- What can be wrong with a datagram, in the codec's own words.
local RULES = {
    { key = "short",       rule = "NIB-2.1", words = "message ends inside a field" },
    { key = "flag",        rule = "NIB-2.2", words = "flag is neither query nor response" },
    { key = "qtype",       rule = "NIB-2.3", words = "question" .. NO_TYPE },
    { key = "reserved",    rule = "NIB-2.4",
        words = "the four bits before the answer type are not zero" },
    { key = "atype",       rule = "NIB-2.5", words = "answer" .. NO_TYPE },
    { key = "ttl",         rule = "NIB-2.6", words = "TTL is above 2147483647" },
    { key = "trailing",    rule = "NIB-2.7", words = "octets behind the last field" },
    { key = "name_len",    rule = "NIB-3.1", words = "name length is not 1 to 253" },
    { key = "name_octet",  rule = "NIB-3.2",
        words = "name has an octet that is no letter, digit, -, _ or ." },
    { key = "name_empty",  rule = "NIB-3.3", words = "name has an empty label" },
    { key = "name_label",  rule = "NIB-3.4", words = "name has a label of more than 63 octets" },
    { key = "result_len",  rule = "NIB-4.1", words = "result length is not 1 to 253" },
    { key = "result_a",    rule = "NIB-4.2", words = "result of type A is no IPv4 address" },
    { key = "result_aaaa", rule = "NIB-4.3", words = "result of type AAAA is no IPv6 address" },
    { key = "miss_ttl",    rule = "NIB-4.4", words = "a miss carries a TTL other than 0" },
}

-- Why a well-formed message is not the answer that is waited for.
local MISMATCHES = {
    { key = "flag",     rule = "NIB-5.1", words = "not a response" },
    { key = "id",       rule = "NIB-5.2", words = "wrong ID" },
    { key = "question", rule = "NIB-5.3", words = "wrong question" },
    { key = "answer",   rule = "NIB-5.4", words = "wrong answer name or type" },
    { key = "source",   words = "wrong source" },
}

for _, list in ipairs({ RULES, MISMATCHES }) do
    for i = 1, #list do
        list[list[i].key] = list[i]
    end
end

---------------------------------------------------------------------------------------------------
-- 2. The codec: plain Lua over a string of octets, without Wireshark
--
-- It reads field by field in the order of the octets, as the C codec does, and stops at the first
-- rule broken; so both report the same rule and octet. On the way it lists in `shown` which octets
-- are which field, and the tree is drawn from that list alone: there is one place that knows the
-- format.
--
-- A datagram can end early in two ways. The message may be too short (NIB-2.1), or the capture may
-- have kept only its beginning; that is nobody's fault, `cut` is set and what is there is shown. Of
-- such a one nobody can say whether it is too short or too long.
---------------------------------------------------------------------------------------------------

-- Text from a stranger: printable ASCII but backslash stands as it is, every other octet as \ and
-- three decimal digits, so that no terminal acts on it.
local function escaped(text)
    return (text:gsub("[\0-\31\\\127-\255]", function(c)
        return string.format("\\%03d", c:byte())
    end))
end

-- The octets that a label may have. Not %w: the locale may count more letters than A to Z.
local IN_LABEL = {}
for octet = 0, 255 do
    IN_LABEL[octet] = string.char(octet):find("[A-Za-z0-9_-]") ~= nil
end
local DOT = ("."):byte()

-- The rule that a name breaks and the offset in it where, or nil.
local function name_fault(name)
    local label = 0 -- where the label under the scan begins
    for i = 0, #name - 1 do
        local octet = name:byte(i + 1)
        if IN_LABEL[octet] then
            if i - label >= LABEL_MAX then
                return "name_label", i
            end
        elseif octet ~= DOT then
            return "name_octet", i
        elseif i == label or i + 1 == #name then
            return "name_empty", i
        else
            label = i + 1
        end
    end
end

-- The four octets of an IPv4 address in dotted decimal without leading zeros, or nil.
local function parse_ipv4(text)
    local ip = { text:match("^([0-9]+)%.([0-9]+)%.([0-9]+)%.([0-9]+)$") }
    for i = 1, 4 do
        local digits = ip[i]
        if not digits or #digits > 3 or digits:find("^0.") or tonumber(digits) > 255 then
            return nil
        end
        ip[i] = tonumber(digits)
    end
    return ip
end

-- Hexadecimal groups joined by colons, none for an empty text: an array of numbers, or nil.
local function parse_groups(text)
    local groups = {}
    if text == "" then
        return groups
    end
    for group in (text .. ":"):gmatch("([^:]*):") do
        if not group:find("^[0-9A-Fa-f]+$") or #group > 4 then
            return nil
        end
        groups[#groups + 1] = tonumber(group, 16)
    end
    return groups
end

-- The eight groups of an IPv6 address, or nil; no zone index. An IPv4 address at the end is two
-- groups.
local function parse_ipv6(text)
    local head, dotted = text:match("^(.*:)([0-9.]+)$")
    if dotted and dotted:find(".", 1, true) then
        local ip = parse_ipv4(dotted)
        if not ip then
            return nil
        end
        text = head .. string.format("%x:%x", ip[1] * 256 + ip[2], ip[3] * 256 + ip[4])
    end
    local gap = text:find("::", 1, true)
    if not gap then
        local groups = parse_groups(text)
        return groups and #groups == 8 and groups or nil
    end
    local groups, tail = parse_groups(text:sub(1, gap - 1)), parse_groups(text:sub(gap + 2))
    if not groups or not tail or #groups + #tail > 7 then
        return nil
    end
    for i = #groups + 1, 8 - #tail do
        groups[i] = 0
    end
    for i = 1, #tail do
        groups[#groups + 1] = tail[i]
    end
    return groups
end

-- What is shown of a frame's messages: a field, its octets, its value, in the order of the octets;
-- one message behind the other. It is filled anew for each frame: a table for each field would be
-- most of the memory that a packet takes while it is dissected.
local shown = { n = 0, field = {}, at = {}, len = {}, value = {} }

-- Reader: the octets that the capture has, and how many the datagram had. Its first note of a fault
-- counts; from then on, and once the capture ran out, reads give nil. There is one, for it is used
-- by one decode() at a time.
local Reader = {}
Reader.__index = Reader

local reader = setmetatable({}, Reader)

local function begin_reading(octets, datagram_len, quoted)
    local r = reader
    r.octets = octets
    r.len = datagram_len
    r.partial = #octets < datagram_len
    r.quoted = quoted -- an ICMP error may quote any beginning of a datagram: too short is cut
    r.off = 0         -- off <= #octets <= len
    r.fault = nil     -- { rule =, at =, from =, n = }: the rule, its octet, which octets to mark
    r.cut = false
    r.cut_text = nil  -- what is there of a text
    return r
end

function Reader:fail(key, at, from, n)
    if not self.fault then
        self.fault = { rule = RULES[key], at = at, from = from, n = n }
    end
end

function Reader:show(field, at, n, value)
    local i = shown.n + 1
    shown.n = i
    shown.field[i], shown.at[i], shown.len[i], shown.value[i] = field, at, n, value
end

-- The offset of the next n octets.
function Reader:take(n)
    if self.fault or self.cut then
        return nil
    elseif n > #self.octets - self.off then
        if self.partial or self.quoted then
            self.cut = true
        else
            self:fail("short", self.len, self.off, self.len - self.off)
        end
        return nil
    end
    self.off = self.off + n
    return self.off - n
end

function Reader:u32(field)
    local at = self:take(4)
    if not at then
        return nil
    end
    self:show(field, at, 4)
    local a, b, c, d = self.octets:byte(at + 1, at + 4)
    return ((a * 256 + b) * 256 + c) * 256 + d, at
end

-- The octet that carries a four-bit code (flag or zero bits) above a four-bit type.
function Reader:packed(upper_field, upper_max, upper_rule, type_field, type_rule)
    local at = self:take(1)
    if not at then
        return nil
    end
    self:show(upper_field, at, 1)
    self:show(type_field, at, 1)
    local octet = self.octets:byte(at + 1)
    local upper, code = math.floor(octet / 16), octet % 16
    if upper > upper_max then
        self:fail(upper_rule, at, at, 1)
    elseif not TYPES[code] then
        self:fail(type_rule, at, at, 1)
    end
    return upper, code
end

-- A text behind its length, and where it begins. Of a cut text the beginning is shown, and nil
-- given.
function Reader:text(field, len_rule)
    local len_at = self:take(1)
    if not len_at then
        return nil
    end
    self:show(field .. ".len", len_at, 1)
    local len = self.octets:byte(len_at + 1)
    if len < 1 or len > TEXT_MAX then
        self:fail(len_rule, len_at, len_at, 1)
        return nil
    end
    local at = self:take(len)
    if not at then
        if self.cut and self.off < #self.octets then
            self.cut_text = escaped(self.octets:sub(self.off + 1))
            self:show(field, self.off, #self.octets - self.off, self.cut_text)
        end
        return nil
    end
    local text = self.octets:sub(at + 1, at + len)
    self:show(field, at, len, escaped(text))
    return text, at
end

function Reader:name(field)
    local name, at = self:text(field, "name_len")
    if name then
        local rule, bad = name_fault(name)
        if rule then
            self:fail(rule, at + bad, at + bad, 1)
            return nil
        end
    end
    return name
end

-- What a result says beside its text, each type in its own way. A fault marks the whole address,
-- but of a name the octet.
local RESULTS = {
    [A] = function(r, text, at)
        if not parse_ipv4(text) then
            return r:fail("result_a", at, at, #text)
        end
        r:show("a", at, #text, text)
    end,
    [AAAA] = function(r, text, at)
        local groups = parse_ipv6(text)
        if not groups then
            return r:fail("result_aaaa", at, at, #text)
        end
        r:show("aaaa", at, #text, string.format("%x:%x:%x:%x:%x:%x:%x:%x", table.unpack(groups)))
    end,
}
local function name_result(field)
    return function(r, text, at)
        local rule, bad = name_fault(text)
        if rule then
            return r:fail(rule, at + bad, at + bad, 1)
        end
        r:show(field, at, #text, text)
    end
end
RESULTS[CNAME] = name_result("cname")
RESULTS[NS] = name_result("ns")

local function read_answer(r, m)
    local _, atype = r:packed("resp.reserved", 0, "reserved", "resp.type", "atype")
    m.atype = atype
    m.aname = r:name("resp.name")
    local ttl, ttl_at = r:u32("resp.ttl")
    m.ttl = ttl
    if ttl and ttl > TTL_MAX then
        r:fail("ttl", ttl_at, ttl_at, 4)
    end
    local result, at = r:text("resp.result", "result_len")
    if not result then
        return
    end
    m.result = result
    m.outcome = OUTCOMES[result] or "found"
    if m.outcome == "found" then
        RESULTS[atype](r, result, at)
        return
    end
    r:show("miss", at, #result, true)
    if ttl ~= 0 then
        r:fail("miss_ttl", ttl_at, ttl_at, 4)
    end
end

-- The message in a datagram, of which the capture has these octets. A field that was not reached,
-- or broke a rule in its text, is nil. A message decodes when it has neither `fault` nor `cut`.
local function decode(octets, datagram_len, quoted)
    local r = begin_reading(octets, datagram_len, quoted)
    local m = {
        id = nil, flag = nil, qtype = nil, qname = nil,
        atype = nil, aname = nil, ttl = nil, result = nil,
        outcome = nil,  -- "found", "not_found", "failure"
        octets = octets,
        fault = nil,
        cut = false,    -- or what is there of a text, perhaps nothing
        first_shown = shown.n + 1, last_shown = nil,
        at = nil, number = nil, -- where in the datagram, and which, when it is a segment
    }
    m.id = r:u32("id")
    m.flag, m.qtype = r:packed("flag", RESPONSE, "flag", "qry.type", "qtype")
    m.qname = r:name("qry.name")
    if m.flag == RESPONSE then
        read_answer(r, m)
    end
    if r.partial then
        r.cut = not r.fault
    elseif not r.fault and not r.cut and r.off ~= r.len then
        r:fail("trailing", r.off, r.off, r.len - r.off)
    end
    m.fault, m.cut, m.last_shown = r.fault, r.cut and (r.cut_text or ""), shown.n
    return m
end

-- Answers of one length that leave in one call (UDP_SEGMENT) are cut apart by the device, behind
-- the place where a capture is taken. Two or more whole responses of one length, the last perhaps
-- shorter: the list of them; else nil. `m` is what decode() made of the datagram.
local function segments_of(m)
    local fault = m.fault
    if not fault or fault.rule ~= RULES.trailing or m.flag ~= RESPONSE then
        return nil
    end
    local messages, step = {}, fault.at
    for at = 0, #m.octets - 1, step do
        local octets = m.octets:sub(at + 1, at + step)
        local segment = decode(octets, #octets)
        if segment.fault or segment.flag ~= RESPONSE then
            return nil
        end
        segment.at, segment.number = at, #messages + 1
        messages[segment.number] = segment
    end
    return messages
end

-- "name has an empty label (NIB-3.3) at octet 9"
local function fault_line(fault)
    return string.format("%s (%s) at octet %d", fault.rule.words, fault.rule.rule, fault.at)
end

-- `Query A www.csusm.edu id 0`, `Response A www.csusm.edu 144.37.5.45 ttl 60 id 0`. A response of
-- another type than the question's names it before the result, and one of another name both:
-- `Response A www.csusm.edu csusm.edu NS ns.csusm.edu ttl 60 id 0`. Of a cut message, what is
-- there.
local function message_line(m)
    if m.fault then
        return "Malformed: " .. fault_line(m.fault)
    end
    local words = { FLAGS[m.flag] or "Message", TYPES[m.qtype], m.qname }
    local function add(word)
        words[#words + 1] = word
    end
    local other_name = m.aname and m.aname ~= m.qname
    if other_name then
        add(m.aname)
    end
    if m.atype and (other_name or m.atype ~= m.qtype) then
        add(TYPES[m.atype])
    end
    if m.result then
        add(escaped(m.result))
    elseif m.cut then
        -- the beginning of the question name or of the result; an answer name would look like a
        -- result
        add(((not m.qname or m.ttl) and m.cut or "") .. "...")
    end
    if m.ttl then
        add(string.format("ttl %d", m.ttl))
    end
    if m.id then
        add(string.format("id %d", m.id))
    end
    return table.concat(words, " ")
end

---------------------------------------------------------------------------------------------------
-- 3. Fields, expert infos, preferences
---------------------------------------------------------------------------------------------------

local nibdns = Proto("nibdns", "Simplified DNS (nibdns)")

-- Both by filter name without the leading `nibdns.`; the codec's `shown` uses the same names.
local F, X = {}, {}

local function field(name, make, ...)
    F[name] = make("nibdns." .. name, ...)
    nibdns.fields[name] = F[name]
end

-- A yes that is there only when it is one.
local function mark(name, label, description)
    field(name, ProtoField.bool, label, base.NONE, { "Yes", "No" }, nil, description)
end

local function frame(name, label, kind, description)
    field(name, ProtoField.framenum, label, base.NONE, kind, nil, description)
end

field("id", ProtoField.uint32, "Transaction ID", base.DEC)
field("flag", ProtoField.uint8, "Flag", base.DEC, FLAGS, 0xf0)
field("qry.type", ProtoField.uint8, "Question type", base.DEC, TYPES, 0x0f)
field("qry.name.len", ProtoField.uint8, "Question name length", base.DEC)
field("qry.name", ProtoField.string, "Question name")
field("resp.reserved", ProtoField.uint8, "Reserved", base.DEC, nil, 0xf0, "Four zero bits")
field("resp.type", ProtoField.uint8, "Answer type", base.DEC, TYPES, 0x0f)
field("resp.name.len", ProtoField.uint8, "Answer name length", base.DEC)
field("resp.name", ProtoField.string, "Answer name")
field("resp.ttl", ProtoField.uint32, "TTL", base.DEC, nil, nil, "Seconds")
field("resp.result.len", ProtoField.uint8, "Result length", base.DEC)
field("resp.result", ProtoField.string, "Result")
field("a", ProtoField.ipv4, "IPv4 address")
field("aaaa", ProtoField.ipv6, "IPv6 address")
field("cname", ProtoField.string, "Canonical name")
field("ns", ProtoField.string, "Name server")
mark("miss", "Miss", "The result is one of the two texts that stand for a miss")

field("segment", ProtoField.uint8, "Segment", base.DEC, nil, nil,
    "Which message of a frame that left as segments of one send")
field("from", ProtoField.string, "From", base.NONE, "The role of the sender")
field("to", ProtoField.string, "To", base.NONE, "The role of the receiver")
mark("referral", "Referral", "An authoritative server names another")

frame("response_in", "Response in", frametype.RESPONSE, "The response to this query")
frame("response_to", "Response to", frametype.REQUEST, "The first try of the query answered here")
field("time", ProtoField.relative_time, "Response time", "From the first try to the response")
frame("retransmission_of", "Retransmission of", frametype.RETRANS_PREV, "Its first try")
frame("retransmitted_in", "Retransmitted in", frametype.RETRANS_NEXT, "A repeat of this query")
frame("duplicate_of", "Duplicate of", frametype.NONE, "The first response to the same query")
frame("copy_of", "Copy of", frametype.NONE, "The same datagram, captured or delivered twice")
frame("forwarded_in", "Forwarded in", frametype.NONE, "The query upstream for this request")
frame("forwarded_for", "Forwarded for", frametype.NONE, "The request that caused this query")
mark("unsolicited", "Unsolicited", "A response that fits no query")
mark("unanswered", "Unanswered", "A query without a response in the capture")
frame("mismatch_with", "Does not fit the query in", frametype.NONE, "The query that was waiting")
frame("icmp_for", "ICMP error for", frametype.NONE, "The frame whose datagram is quoted here")
frame("icmp_in", "ICMP error in", frametype.NONE, "An ICMP error that quotes this datagram")

field("malformed.rule", ProtoField.string, "Rule broken")
field("malformed.at", ProtoField.uint32, "At octet", base.DEC, nil, nil, "Counted from 0")

local function expert_info(name, text, group, severity)
    X[name] = ProtoExpert.new("nibdns." .. name, text, group, severity)
    nibdns.experts[name] = X[name]
end

-- One error for a broken message. The infos for single rules are there to filter by; as notes they
-- do not count the same fault twice among the errors.
expert_info("malformed", "Malformed message", expert.group.MALFORMED, expert.severity.ERROR)
for _, r in ipairs(RULES) do
    expert_info("malformed." .. r.key, string.format("%s: %s", r.rule, r.words),
        expert.group.PROTOCOL, expert.severity.NOTE)
end
for _, r in ipairs(MISMATCHES) do
    expert_info("mismatch." .. r.key, (r.rule and r.rule .. ": " or "") .. r.words,
        expert.group.PROTOCOL, expert.severity.WARN)
end

local function situation(name, text, group, severity)
    expert_info("expert." .. name, text, expert.group[group], expert.severity[severity])
end

situation("retransmission", "The query is a retransmission", "SEQUENCE", "NOTE")
situation("duplicate", "The query has a response already", "SEQUENCE", "NOTE")
situation("copy", "The same datagram again within a millisecond: nobody sent it twice", "SEQUENCE",
    "NOTE")
situation("referral", "The server names another one to ask", "RESPONSE_CODE", "CHAT")
situation("differs", "The response differs from the first one to this query", "SEQUENCE", "WARN")
situation("unsolicited", "No query for this response", "SEQUENCE", "WARN")
situation("unanswered", "No response to this query in the capture", "SEQUENCE", "WARN")
situation("not_found", "There is no such record", "RESPONSE_CODE", "CHAT")
situation("failure", "The answer could not be had", "RESPONSE_CODE", "NOTE")
situation("cut", "Only the beginning of this datagram is here", "UNDECODED", "NOTE")
situation("icmp", "An ICMP error came back for this datagram", "RESPONSE_CODE", "NOTE")

nibdns.prefs.ports = Pref.range("UDP ports", "21000,22000",
    "Ports on which every datagram is taken for nibdns", 65535)
nibdns.prefs.retransmission_window = Pref.uint("Retransmission window (seconds)", 60,
    "A query repeated later than this after its last try is a new one")

---------------------------------------------------------------------------------------------------
-- 4. Exchanges: which message belongs to which
--
-- The first time that Wireshark shows a frame (`pinfo.visited` is false then, and the frames come
-- in order) each message gets its verdict; every later time, in any order, the verdict is read.
-- `nibpcap check`, `dump` and `ladder` come to the same verdicts by the same rules:
--
--   An exchange is a query with its repeats: two sockets, ID, question type, question name. It is
--   remembered for `nibdns.retransmission_window` (60) seconds after its last try while it waits,
--   for 10 seconds after its first response; then it is as if it had never been. The clock for that
--   is the latest time that any paired message had: it never goes back.
--
--   query     same exchange waits, query seen less than 1 ms ago    copy
--             same exchange waits                                   retransmission
--             else (answered ones are forgotten)                    query, a new exchange
--             the receiver's newest exchange waits for the sender   and mismatch: not a response
--   response  same exchange, fits, waits                            answer
--             same exchange, fits, same octets as its last response
--               less than 1 ms ago, as many responses as tries      copy
--             same exchange, fits, answered                         duplicate
--             same exchange, does not fit                           unsolicited, wrong answer
--             the receiver's newest exchange with that ID
--               went to the sender                                  unsolicited, wrong question
--               has the same question, went elsewhere, waits        unsolicited, wrong source
--             the receiver's newest exchange waits for the sender   unsolicited, wrong ID
--             else                                                  unsolicited
--   cut       question whole: as above, by ID and question alone
--             else a response with the ID of an exchange that
--               waits ends it                                       cut
--   quoted in an ICMP error: tied to its exchange, ends nothing     quoted
--   malformed never paired                                          malformed
--
--   A response fits as an answer (answer name the question's, answer type the question's or CNAME),
--   or, from an authoritative server, as a referral. A copy is a datagram that was captured twice
--   (on a bridge, on two interfaces) or doubled by the network: nobody sends again that fast. An
--   exchange without a response at the end is unanswered, whatever else came back.
--
-- Nothing here looks into the tree: in the first of two passes there is none. Each step costs the
-- same however many there were before (finding an address: the logarithm).
---------------------------------------------------------------------------------------------------

local COPY_NS, ANSWERED_NS = 1000000, 10000000000
local LEARNT_MAX = 33 -- ports

local function new_state()
    return {
        time = 0,             -- of this frame, in whole nanoseconds since the first one
        now = -math.huge,     -- the latest of those, which never goes back
        addresses = nil,      -- a tree
        n_addresses = 0,
        ports = {},           -- role, or false, by port number
        n_learnt = 0,
        names = {},           -- of server sockets
        n_named = { ["local"] = 0, amazone = 0 },
        local_at = {},        -- names of local servers, by address
        live = {},            -- what is remembered, by key
        askers = {},          -- and by asking socket: { newest =, [ID] = }
        aging = { first = 1, last = 0, since = {} },
        requests = { first = 1, last = 0, n = 0 }, -- to local servers; n of them wait
        wanted = {},          -- by question: the request that waits for it, or a queue of them
        frames = {},          -- by number: the one entry, or { entries = }; see section 5
    }
end

local state = new_state() -- of the capture that is open

-- What is kept of a capture lives long, so Lua looks for garbage when there is a quarter more, not
-- when there is twice as much: half the memory of a large capture.
collectgarbage("setpause", 125)
collectgarbage("setstepmul", 400)

function nibdns.init()
    state = new_state()
end

---- Addresses and sockets as numbers

-- An Address has no octets to make a key of, and its text may be a host name, which need not be the
-- same at the next frame; so addresses are compared. They stand in an AA tree: a node's left child
-- is one level below it, its right child at most level with it, its right grandchild below.
local function rotated_right(node)
    local left = node.left
    if left and left.level == node.level then
        node.left, left.right = left.right, node
        return left
    end
    return node
end

local function rotated_left(node)
    local right = node.right
    if right and right.right and right.right.level == node.level then
        node.right, right.left = right.left, node
        right.level = right.level + 1
        return right
    end
    return node
end

local function inserted(node, new)
    if not node then
        return new
    elseif new.address < node.address then
        node.left = inserted(node.left, new)
    else
        node.right = inserted(node.right, new)
    end
    return rotated_left(rotated_right(node))
end

local function address_number(address)
    local node = state.addresses
    while node and node.address ~= address do
        node = address < node.address and node.left or node.right
    end
    if not node then
        state.n_addresses = state.n_addresses + 1
        node = { address = address, number = state.n_addresses, level = 1, left = nil, right = nil }
        state.addresses = inserted(state.addresses, node)
    end
    return node.number
end

local function sockets(pinfo)
    return address_number(pinfo.src) * 65536 + pinfo.src_port,
        address_number(pinfo.dst) * 65536 + pinfo.dst_port
end

---- Roles

-- "local", "amazone", or false: the first port of the preference is the local server's, the others
-- are authoritative servers'. What is asked on further ports is learnt.
local function port_role(port)
    local role = state.ports[port]
    if role == nil then
        role = false
        local is_first = true
        for low, high in nibdns.prefs.ports:gmatch("(%d+)%-?(%d*)") do
            low, high = tonumber(low), tonumber(high) or tonumber(low)
            if port >= low and port <= high then
                role = is_first and port == low and "local" or "amazone"
                break
            end
            is_first = false
        end
        state.ports[port] = role
    end
    return role
end

-- A query tells that its receiver is a server. A request comes before the queries that it causes:
-- so the first one is a local server.
local function learn_server(pinfo, to)
    local role = port_role(pinfo.dst_port)
    if not role and not port_role(pinfo.src_port) and not state.askers[to]
        and state.n_learnt < LEARNT_MAX then
        role = state.local_asked and "amazone" or "local"
        state.ports[pinfo.dst_port] = role
        state.n_learnt = state.n_learnt + 1
    end
    state.local_asked = state.local_asked or role == "local"
end

local function server_name(role, socket)
    local name = state.names[socket]
    if not name then
        local n = state.n_named[role] + 1
        state.n_named[role] = n
        name = n == 1 and role or role .. " " .. n
        state.names[socket] = name
        if role == "local" then
            state.local_at[math.floor(socket / 65536)] = name
        end
    end
    return name
end

-- Who speaks from a socket: a server, a client, or a local server that asks from a socket of its
-- own. That one has a request that waits; who asks an authoritative server without is a client on a
-- walk.
local function speaker(socket, port, peer_port, is_query)
    local role = port_role(port)
    if role then
        return server_name(role, socket)
    end
    local newest = (state.askers[socket] or {}).newest
    local peer = port_role(peer_port)
    local on_a_walk = peer and is_query and state.local_asked and state.requests.n == 0
    if newest and not (is_query and peer == "local") then
        return newest.exchange.from
    elseif peer == "local" or on_a_walk then
        return "client " .. port
    elseif peer then
        return state.local_at[math.floor(socket / 65536)] or "local"
    end
    return "other " .. port
end

---- What is remembered
--
-- An exchange is what stays, for the frames that point to it:
--   { query =, response =, time =, from =, to =, tries = { frame, ... }, icmp_in = { [frame] =
--   frame },
--     forwarded_for =, forwarded_in = { frame, ... } }
-- What is live is there to find it by, and goes.

local function key_of(asker, server, m)
    return string.format("%d %d %d %d %s", asker, server, m.id, m.qtype, m.qname)
end

local function waits(live)
    return not live.answered and not live.forgotten
end

-- The first item of a queue that waits; those before it are dropped.
local function first_waiting(queue)
    while queue.first <= queue.last and not waits(queue[queue.first]) do
        queue[queue.first] = nil
        queue.first = queue.first + 1
    end
    return queue[queue.first]
end

local function append(queue, item)
    queue.last = queue.last + 1
    queue[queue.last] = item
end

-- The oldest request that waits for that question's answer.
local function wanting(question)
    local wanted = state.wanted[question]
    if wanted and wanted.first then
        wanted = first_waiting(wanted)
    elseif wanted and not waits(wanted) then
        wanted = nil
    end
    if not wanted then
        state.wanted[question] = nil
    end
    return wanted
end

-- A request to a local server waits no more.
local function close_request(live)
    state.requests.n = state.requests.n - 1
    first_waiting(state.requests)
    for _, question in ipairs(live.wants) do
        wanting(question)
    end
    live.wants = nil
end

local function forget(live)
    live.forgotten = true
    state.live[live.key] = nil
    local asker = state.askers[live.asker]
    if live.newer then
        live.newer.older = live.older
    else
        asker[live.id] = live.older
    end
    if live.older then
        live.older.newer = live.newer
    end
    if asker.newest == live then
        asker.newest = nil
    end
    if next(asker) == nil then
        state.askers[live.asker] = nil
    end
    if live.wants then
        close_request(live)
    end
end

local function expired(live)
    if live.answered then
        return state.now - live.answered > ANSWERED_NS
    end
    return state.now - live.last_try > nibdns.prefs.retransmission_window * 1e9
end

-- `live`, unless its time is over.
local function still(live)
    if live and expired(live) then
        forget(live)
        return nil
    end
    return live
end

-- The newest exchange of that socket, and the newest of those with that ID.
local function newest_of(socket)
    local asker = state.askers[socket]
    return asker and still(asker.newest)
end

local function newest_with(socket, id)
    repeat
        local asker = state.askers[socket]
        local live = asker and asker[id]
        if not live or still(live) then
            return live
        end
    until false
end

-- The clock goes on, and what is too old is forgotten: each exchange is looked at once in 10
-- seconds.
local function pass_time(pinfo)
    state.time = math.floor(pinfo.rel_ts * 1e9 + 0.5)
    state.now = math.max(state.now, state.time)
    local aging = state.aging
    while aging.first <= aging.last and state.now - aging.since[aging.first] > ANSWERED_NS do
        local live = aging[aging.first]
        aging[aging.first], aging.since[aging.first] = nil, nil
        aging.first = aging.first + 1
        if not live.forgotten and still(live) then
            append(aging, live)
            aging.since[aging.last] = state.now
        end
    end
end

---- Which request a local server's query upstream is for

local function question_of(qtype, name)
    return qtype .. " " .. name:lower()
end

local function want(live, qtype, name)
    local question = question_of(qtype, name)
    local others = state.wanted[question]
    if not others then
        state.wanted[question] = live
    elseif others.first then
        append(others, live)
    else
        state.wanted[question] = { first = 1, last = 2, others, live }
    end
    live.wants[#live.wants + 1] = question
end

-- The oldest request that wants this question's answer; else the only one that waits; else nobody
-- knows.
local function request_for(qtype, name)
    return wanting(question_of(qtype, name))
        or (state.requests.n == 1 and first_waiting(state.requests)) or nil
end

local function is_referral(m)
    local aname, qname = m.aname, m.qname
    return m.atype == NS and m.outcome == "found" and not (m.qtype == NS and aname == qname)
        and (aname == qname or qname:sub(-#aname - 1) == "." .. aname)
end

-- What an answer from upstream makes the request want next.
local function follow(cause, m)
    if not waits(cause) or m.outcome ~= "found" then
        return
    elseif is_referral(m) then
        want(cause, A, m.result)
        want(cause, AAAA, m.result)
    elseif m.atype == CNAME and m.qtype ~= CNAME then
        want(cause, m.qtype, m.result)
    end
end

---- Verdicts. Each gives the frame's entry for a message: an exchange, where the message is its
-- query or its answer; else { verdict =, exchange =, ... }.

local function begin_exchange(pinfo, m, from, to)
    learn_server(pinfo, to)
    local from_role, to_role = port_role(pinfo.src_port), port_role(pinfo.dst_port)
    local exchange = {
        query = pinfo.number,
        response = nil,
        time = nil,
        from = speaker(from, pinfo.src_port, pinfo.dst_port, true),
        to = speaker(to, pinfo.dst_port, pinfo.src_port),
        forwarded_for = nil,
    }
    local live = {
        exchange = exchange,
        key = key_of(from, to, m),
        asker = from, server = to,
        id = m.id,
        started = pinfo.rel_ts,
        last_try = state.now, last_seen = state.time,
        wants = nil,    -- a request to a local server: whose answers it waits for
        cause = nil,    -- a query upstream: the request
        answered = nil, -- when; then also
        responses = nil, last_frame = nil, first_octets = nil, last_octets = nil, -- responses
        forgotten = nil,
    }
    state.live[live.key] = live
    local asker = state.askers[from]
    if not asker then
        asker = {}
        state.askers[from] = asker
    end
    live.older = asker[m.id]
    if live.older then
        live.older.newer = live
    end
    asker[m.id], asker.newest = live, live
    append(state.aging, live)
    state.aging.since[state.aging.last] = state.now
    if not from_role and to_role == "local" then
        live.wants = {}
        append(state.requests, live)
        state.requests.n = state.requests.n + 1
        want(live, m.qtype, m.qname)
    elseif not from_role and to_role == "amazone" then
        live.cause = request_for(m.qtype, m.qname)
        if live.cause then
            local request = live.cause.exchange
            exchange.forwarded_for = request.query
            request.forwarded_in = request.forwarded_in or {}
            request.forwarded_in[#request.forwarded_in + 1] = pinfo.number
        end
    end
    return exchange
end

-- Whether the datagram seen last of this exchange was there less than 1 ms ago, by the frames' own
-- times.
local function seen_again(live)
    local since = math.abs(state.time - live.last_seen)
    live.last_seen = state.time
    return since < COPY_NS
end

local function query_verdict(pinfo, m, from, to)
    local live = still(state.live[key_of(from, to, m)])
    if live and not live.answered then
        local exchange, tries = live.exchange, live.exchange.tries
        if seen_again(live) then
            return {
                verdict = "copy", exchange = exchange,
                copy_of = tries and tries[#tries] or exchange.query,
            }
        end
        exchange.tries = tries or {}
        exchange.tries[#exchange.tries + 1] = pinfo.number
        live.last_try = state.now
        return { verdict = "retransmission", exchange = exchange }
    elseif live then
        forget(live)
    end
    local theirs = newest_of(to)
    local exchange = begin_exchange(pinfo, m, from, to)
    if theirs and waits(theirs) and theirs.server == from then
        return {
            verdict = "query", exchange = exchange,
            mismatch = MISMATCHES.flag, mismatch_with = theirs.exchange.query,
        }
    end
    return exchange
end

-- Whether a response with the exchange's ID and question is an answer to it. What a cut one lost is
-- not held against it.
local function fits(m, is_authority)
    return m.cut or (m.aname == m.qname and (m.atype == m.qtype or m.atype == CNAME))
        or (is_authority and is_referral(m))
end

-- What makes a response the wrong one, and the exchange that it is held against; or nil.
local function mismatch(m, from, to)
    local live = newest_with(to, m.id)
    if live and live.server == from then
        return MISMATCHES.question, live
    elseif live and waits(live) and live.key == key_of(to, live.server, m) then
        return MISMATCHES.source, live
    end
    live = newest_of(to)
    if live and waits(live) and live.server == from then
        return MISMATCHES.id, live
    end
end

-- Whether a second response says something else than the first one. Not of the TTL: a cache sends a
-- smaller one with its second response. What is cut says nothing.
local function differs(m, first)
    local before = decode(first, #first)
    return not m.cut and before.result
        and (m.atype ~= before.atype or m.aname ~= before.aname or m.result ~= before.result)
end

local function end_exchange(pinfo, live, m)
    live.answered, live.last_seen = state.now, state.time
    live.responses, live.last_frame = 1, pinfo.number
    live.first_octets, live.last_octets = m.octets, m.octets
    live.exchange.response = pinfo.number
    live.exchange.time = pinfo.rel_ts - live.started
    if live.wants then
        close_request(live)
    end
end

local function response_verdict(pinfo, m, from, to)
    local live = still(state.live[key_of(to, from, m)])
    local why
    if not live then
        why, live = mismatch(m, from, to)
    elseif not fits(m, port_role(pinfo.src_port) == "amazone") then
        why = MISMATCHES.answer
    elseif not live.answered then
        if live.cause and not m.cut then
            follow(live.cause, m)
        end
        end_exchange(pinfo, live, m)
        return live.exchange
    else
        local again = seen_again(live) and live.last_frame ~= pinfo.number
        local tries = 1 + #(live.exchange.tries or {})
        if again and live.last_octets == m.octets and live.responses >= tries then
            return { verdict = "copy", exchange = live.exchange, copy_of = live.last_frame }
        end
        live.responses = live.responses + 1
        live.last_frame, live.last_octets = pinfo.number, m.octets
        return {
            verdict = "duplicate", exchange = live.exchange,
            differs = differs(m, live.first_octets) or nil,
        }
    end
    return {
        verdict = "unsolicited",
        from = speaker(from, pinfo.src_port, pinfo.dst_port),
        to = speaker(to, pinfo.dst_port, pinfo.src_port),
        mismatch = why, mismatch_with = why and live.exchange.query,
    }
end

-- A message cut before the end of its question.
local function cut_verdict(pinfo, m, from, to)
    local live = m.flag == RESPONSE and newest_with(to, m.id)
    local entry = {
        verdict = "cut", exchange = nil,
        from = speaker(from, pinfo.src_port, pinfo.dst_port),
        to = speaker(to, pinfo.dst_port, pinfo.src_port),
    }
    if live and waits(live) and live.server == from then
        end_exchange(pinfo, live, m)
        entry.exchange = live.exchange
    end
    return entry
end

local function quoted_verdict(pinfo, m, from, to)
    local entry = { verdict = "quoted", icmp_for = nil }
    if not m.id or not m.flag or m.fault then
        return entry
    end
    local asker, server = from, to
    if m.flag == RESPONSE then
        asker, server = to, from
    end
    local live
    if m.qname then -- some routers quote eight octets, too few to have it
        live = still(state.live[key_of(asker, server, m)])
    else
        live = newest_with(asker, m.id)
        live = live and live.server == server and live
    end
    if not live then
        return entry
    end
    local exchange = live.exchange
    if m.flag == RESPONSE then
        entry.icmp_for = live.last_frame
    else
        entry.icmp_for = exchange.tries and exchange.tries[#exchange.tries] or exchange.query
    end
    if entry.icmp_for then
        exchange.icmp_in = exchange.icmp_in or {}
        exchange.icmp_in[entry.icmp_for] = pinfo.number
    end
    return entry
end

local function verdict(pinfo, m)
    local from, to = sockets(pinfo)
    if pinfo.in_error_pkt then
        return quoted_verdict(pinfo, m, from, to)
    elseif m.fault then
        return {
            verdict = "malformed", rule = m.fault.rule,
            from = speaker(from, pinfo.src_port, pinfo.dst_port),
            to = speaker(to, pinfo.dst_port, pinfo.src_port),
        }
    end
    pass_time(pinfo)
    if not m.qname then
        return cut_verdict(pinfo, m, from, to)
    elseif m.flag == QUERY then
        return query_verdict(pinfo, m, from, to)
    end
    return response_verdict(pinfo, m, from, to)
end

-- The entries of this frame's messages.
local function entries_of(pinfo, messages)
    local stored = state.frames[pinfo.number]
    if not pinfo.visited then
        local entries = {}
        for i, m in ipairs(messages) do
            entries[i] = verdict(pinfo, m)
        end
        stored = #entries == 1 and entries[1] or { entries = entries }
        state.frames[pinfo.number] = stored
    end
    return stored and (stored.entries or { stored }) or {}
end

---------------------------------------------------------------------------------------------------
-- 5. The tree and the columns
---------------------------------------------------------------------------------------------------

-- How Wireshark wants the values that are not texts. The codec has looked at each address already:
-- Address.ip() of a text that is none would ask the DNS for it.
local VALUE_OF = { a = Address.ip, aaaa = Address.ipv6 }

-- The octets of [at, at + n) that the capture has; none stands for the whole message.
local function octets_of(tvb, at, n)
    n = math.min(n, tvb:captured_len() - at)
    return n > 0 and tvb(at, n) or tvb()
end

local function show_message(tree, tvb, m)
    for i = m.first_shown, m.last_shown do
        local name, value = shown.field[i], shown.value[i]
        local octets = tvb(shown.at[i], shown.len[i])
        local item
        if value == nil then -- a number, which Wireshark reads from the octets
            item = tree:add(F[name], octets)
        else
            local value_of = VALUE_OF[name]
            item = tree:add(F[name], octets, value_of and value_of(value) or value)
        end
        if name == "miss" then
            item:add_proto_expert_info(X["expert." .. m.outcome])
        end
    end
    local fault = m.fault
    if fault then
        local marked = octets_of(tvb, fault.from, fault.n)
        local item = tree:add(F["malformed.rule"], marked, fault.rule.rule)
        item:set_generated()
        item:add_proto_expert_info(X.malformed, "Malformed: " .. fault_line(fault))
        item:add_proto_expert_info(X["malformed." .. fault.rule.key])
        tree:add(F["malformed.at"], marked, fault.at):set_generated()
    elseif m.cut then
        tree:add_proto_expert_info(X["expert.cut"])
    end
end

-- Notes are what stands in no octet of the datagram: items in the tree, and marks in the Info
-- column.
local Notes = {}
Notes.__index = Notes

function Notes:add(name, value)
    if value then
        self.item = self.tree:add(F[name], value)
        self.item:set_generated()
    end
    return value
end

-- An expert info for the item added last, and its mark where it has one.
function Notes:info(name, mark_text, text)
    if text then
        self.item:add_proto_expert_info(X[name], text)
    else
        self.item:add_proto_expert_info(X[name])
    end
    if mark_text then
        self.marks = self.marks .. " [" .. mark_text .. "]"
    end
end

local function time_of(seconds)
    local nanoseconds = math.floor(math.abs(seconds) * 1e9 + 0.5)
    local sign = seconds < 0 and -1 or 1 -- frames of a capture need not stand in order of time
    return NSTime.new(sign * math.floor(nanoseconds / 1e9), sign * math.floor(nanoseconds % 1e9))
end

local FRAMES_SHOWN = 100 -- a flood of repeats would make a tree that Wireshark refuses

function Notes:add_frames(name, frames)
    for i = 1, math.min(frames and #frames or 0, FRAMES_SHOWN) do
        self:add(name, frames[i])
    end
end

-- What came of a query and its repeats.
local function note_exchange(notes, exchange, whole_capture_seen)
    notes:add("forwarded_for", exchange.forwarded_for)
    notes:add_frames("forwarded_in", exchange.forwarded_in)
    notes:add("response_in", exchange.response)
    if notes:add("unanswered", whole_capture_seen and not exchange.response) then
        notes:info("expert.unanswered", "Unanswered")
    end
end

-- What each verdict adds.
local NOTE = {
    query = function(notes, _, exchange, whole_capture_seen)
        notes:add_frames("retransmitted_in", exchange.tries)
        note_exchange(notes, exchange, whole_capture_seen)
    end,
    retransmission = function(notes, _, exchange, whole_capture_seen)
        notes:add("retransmission_of", exchange.query)
        notes:info("expert.retransmission", "Retransmission")
        note_exchange(notes, exchange, whole_capture_seen)
    end,
    answer = function(notes, _, exchange)
        notes:add("response_to", exchange.query)
        notes:add("time", time_of(exchange.time))
    end,
    duplicate = function(notes, entry, exchange)
        notes:add("response_to", exchange.query)
        notes:add("duplicate_of", exchange.response)
        notes:info("expert.duplicate", "Duplicate")
        if entry.differs then
            notes:info("expert.differs", "Differs")
        end
    end,
    copy = function(notes, entry)
        notes:add("copy_of", entry.copy_of)
        notes:info("expert.copy", "Copy")
    end,
    unsolicited = function(notes, entry)
        local why = entry.mismatch
        notes:add("unsolicited", true)
        notes:info("expert.unsolicited", "Unsolicited" .. (why and ": " .. why.words or ""))
    end,
    cut = function(notes, _, exchange)
        notes:add("response_to", exchange and exchange.query)
    end,
    quoted = function(notes, entry)
        if notes:add("icmp_for", entry.icmp_for) then
            notes:info("expert.icmp")
        end
    end,
    malformed = function() end,
}

-- An entry of a frame is the exchange itself where the message is its query or its answer.
local function read_entry(entry, m)
    if entry.verdict then
        return entry.verdict, entry.exchange
    end
    return m.flag == QUERY and "query" or "answer", entry
end

-- Who speaks to whom: a response goes the other way than its exchange.
local function ends_of(entry, exchange, m)
    if not exchange or entry.verdict == "cut" then
        return entry.from, entry.to
    elseif m.flag == QUERY then
        return exchange.from, exchange.to
    end
    return exchange.to, exchange.from
end

-- The marks are returned.
local function show_entry(tree, entry, m, pinfo)
    local notes = setmetatable({ tree = tree, item = nil, marks = "" }, Notes)
    local name, exchange = read_entry(entry, m)
    local from, to = ends_of(entry, exchange, m)
    notes:add("from", from)
    notes:add("to", to)
    if from and from:find("^amazone") and not m.fault and m.result and is_referral(m) then
        notes:add("referral", true)
        notes:info("expert.referral")
    end
    NOTE[name](notes, entry, exchange, pinfo.visited)
    local why = entry.mismatch
    if why then
        notes:add("mismatch_with", entry.mismatch_with)
        notes:info("mismatch." .. why.key, name == "query" and why.words, string.format(
            "%s%s: not what the query in frame %d waits for", why.words,
            why.rule and " (" .. why.rule .. ")" or "", entry.mismatch_with))
    end
    local icmp_in = exchange and exchange.icmp_in
    if notes:add("icmp_in", icmp_in and icmp_in[pinfo.number]) then
        notes:info("expert.icmp")
    end
    return notes.marks
end

-- The messages of the frame that was dissected last, for the taps that are asked right after.
local latest = { number = nil, messages = {}, entries = {} }

-- One message, or the segments of a send.
local function show(tvb, pinfo, tree, messages)
    local entries = entries_of(pinfo, messages)
    local lines = {}
    latest.number, latest.messages, latest.entries = pinfo.number, messages, entries
    for i, m in ipairs(messages) do
        local octets = m.number and tvb(m.at, #m.octets):tvb() or tvb
        local item = tree:add(nibdns, octets())
        local line = message_line(m)
        item:append_text(", " .. line)
        if m.number and m.number <= 255 then
            item:add(F.segment, m.number):set_generated()
        end
        show_message(item, octets, m)
        lines[i] = line .. (entries[i] and show_entry(item, entries[i], m, pinfo) or "")
    end
    if not pinfo.in_error_pkt then -- there the columns tell of the error
        pinfo.cols.protocol = "nibdns"
        pinfo.cols.info = table.concat(lines, "; ")
    end
end

---------------------------------------------------------------------------------------------------
-- 6. Where the dissector is called
---------------------------------------------------------------------------------------------------

local function decode_tvb(tvb, pinfo)
    shown.n = 0
    local rest = pinfo.fragmented and 1 or 0 -- of a first fragment, not put together: 1 or more
    return decode(tvb:raw(0, tvb:captured_len()), tvb:reported_len() + rest, pinfo.in_error_pkt)
end

-- On the ports of the preference, and by Decode As: every datagram is ours, and a broken one a
-- fault. What goes to a server is no answer, so it is not taken apart: the server did not, either.
function nibdns.dissector(tvb, pinfo, tree)
    local m = decode_tvb(tvb, pinfo)
    local segments = not port_role(pinfo.dst_port) and segments_of(m)
    show(tvb, pinfo, tree, segments or { m })
    return tvb:captured_len()
end

-- On any other port: what decodes whole. The conversation is not claimed for what else comes in it.
nibdns:register_heuristic("udp", function(tvb, pinfo, tree)
    local m = decode_tvb(tvb, pinfo)
    if m.fault or m.cut then
        return false
    end
    show(tvb, pinfo, tree, { m })
    return true
end)

-- The table takes ranges as text, as the preference holds them.
local udp_ports = DissectorTable.get("udp.port")
local registered = nibdns.prefs.ports
udp_ports:add(registered, nibdns)
udp_ports:add_for_decode_as(nibdns)

function nibdns.prefs_changed()
    if registered ~= nibdns.prefs.ports then
        udp_ports:remove(registered, nibdns)
        registered = nibdns.prefs.ports
        udp_ports:add(registered, nibdns)
    end
end

---------------------------------------------------------------------------------------------------
-- 7. Statistics: -z nibdns,stat[,FILTER], and in the menu Statistics > nibdns
---------------------------------------------------------------------------------------------------

local UNANSWERED_SHOWN = 1000

local Statistics = {}
Statistics.__index = Statistics

local function new_statistics()
    return setmetatable({
        counts = {}, -- counts[what][type]
        rules = {},  -- by rule
        times = { n = 0, sum = 0, min = math.huge, max = -math.huge },
        open = {},   -- by exchange: its question, until its answer comes
    }, Statistics)
end

function Statistics:count(what, type)
    local row = self.counts[what] or {}
    self.counts[what] = row
    row[type] = (row[type] or 0) + 1
    row.total = (row.total or 0) + 1
end

local COUNT = {
    query = function(statistics, m, exchange, pinfo)
        statistics:count("queries", m.qtype)
        statistics.open[exchange] = {
            qtype = m.qtype,
            text = string.format("%s %s id %d, %s:%d -> %s:%d", TYPES[m.qtype], m.qname, m.id,
                escaped(tostring(pinfo.src)), pinfo.src_port,
                escaped(tostring(pinfo.dst)), pinfo.dst_port),
        }
    end,
    answer = function(statistics, m, exchange)
        local outcome = m.outcome
        if m.cut then
            outcome = "answer_cut"
        elseif exchange.to:find("^amazone") and is_referral(m) then
            outcome = "referral"
        end
        statistics:count(outcome, m.qtype)
        statistics.open[exchange] = nil
        local times = statistics.times
        times.n, times.sum = times.n + 1, times.sum + exchange.time
        times.min = math.min(times.min, exchange.time)
        times.max = math.max(times.max, exchange.time)
    end,
    malformed = function(statistics, m)
        local rules = statistics.rules
        rules[m.fault.rule] = (rules[m.fault.rule] or 0) + 1
        rules.total = (rules.total or 0) + 1
    end,
}

-- One message. What was answered only later is not asked here, but of what is open at the end.
function Statistics:add(entry, m, pinfo)
    local name, exchange = read_entry(entry, m)
    if entry.mismatch then
        self:count("mismatch", m.qtype)
        self:count("mismatch." .. entry.mismatch.key, m.qtype)
    end
    if COUNT[name] then
        COUNT[name](self, m, exchange, pinfo)
    else
        self:count(name, m.qname and m.qtype or "other")
    end
end

-- The exchanges without a response, by frame.
function Statistics:unanswered()
    local list = {}
    -- Wireshark draws again while packets come in
    self.counts.unanswered, self.counts.refused = nil, nil
    for exchange, question in pairs(self.open) do
        if not exchange.response then
            list[#list + 1] = exchange
            self:count("unanswered", question.qtype)
            if exchange.icmp_in then
                self:count("refused", question.qtype)
            end
        end
    end
    table.sort(list, function(a, b)
        return a.query < b.query
    end)
    return list
end

function Statistics:text()
    local lines = {}
    local function add(format, ...)
        lines[#lines + 1] = string.format(format, ...)
    end
    local function row(label, what)
        local counts = self.counts[what] or {}
        local cells = {}
        for i, type in ipairs(TYPE_ORDER) do
            cells[i] = string.format("%8d", counts[type] or 0)
        end
        add("%-32s%s%8d", label, table.concat(cells), counts.total or 0)
    end

    local unanswered = self:unanswered()
    local ruler = string.rep("=", 72)
    add(ruler)
    add("nibdns: messages by question type")
    add("%-32s%s%8s", "", string.rep("%8s", #TYPE_NAMES):format(table.unpack(TYPE_NAMES)), "all")
    row("Queries", "queries")
    row("  answered: found", "found")
    row("  answered: record not found", "not_found")
    row("  answered: server failure", "failure")
    row("  answered: referral", "referral")
    row("  answered: cut in the capture", "answer_cut")
    row("  unanswered", "unanswered")
    row("    refused by an ICMP error", "refused")
    row("Retransmissions", "retransmission")
    row("Duplicates", "duplicate")
    row("Copies", "copy")
    row("Unsolicited", "unsolicited")
    row("Mismatches", "mismatch")
    for _, why in ipairs(MISMATCHES) do
        row("  " .. why.words, "mismatch." .. why.key)
    end
    add("%-64s%8d", "Malformed", self.rules.total or 0)
    for _, rule in ipairs(RULES) do
        if self.rules[rule] then
            add("%-64s%8d", string.format("  %s (%s)", rule.words, rule.rule), self.rules[rule])
        end
    end
    add("%-64s%8d", "Cut before the end of the question", (self.counts.cut or {}).total or 0)
    add("%-64s%8d", "Quoted in ICMP errors", (self.counts.quoted or {}).total or 0)
    local times = self.times
    if times.n > 0 then
        add("Response time, s: min %.6f, mean %.6f, max %.6f, of %d", times.min,
            times.sum / times.n, times.max, times.n)
    end
    for i = 1, math.min(#unanswered, UNANSWERED_SHOWN) do
        local exchange = unanswered[i]
        add("Unanswered: frame %d, %s, tries %d", exchange.query, self.open[exchange].text,
            1 + (exchange.tries and #exchange.tries or 0))
    end
    if #unanswered > UNANSWERED_SHOWN then
        add("Unanswered: %d more; the filter nibdns.unanswered shows them",
            #unanswered - UNANSWERED_SHOWN)
    end
    add(ruler)
    return table.concat(lines, "\n")
end

-- Counts what the filter lets through; `draw` is given the text, now and whenever there is more.
local function listen(filter, draw)
    local tap = Listener.new("frame", filter)
    local statistics = new_statistics()
    function tap.reset()
        statistics = new_statistics()
    end
    function tap.packet(pinfo)
        if latest.number == pinfo.number then
            for i, m in ipairs(latest.messages) do
                if latest.entries[i] then
                    statistics:add(latest.entries[i], m, pinfo)
                end
            end
        end
    end
    function tap.draw()
        draw(statistics:text())
    end
    return tap
end

register_stat_cmd_arg("nibdns,stat", function(argument)
    listen(argument and argument:match("^nibdns,stat,(.+)$"), print)
end)

if gui_enabled() then
    register_menu("nibdns", function()
        local window = TextWindow.new("nibdns: messages by question type")
        local tap = listen(get_filter(), function(text)
            window:set(text)
        end)
        window:set_atclose(function()
            tap:remove()
        end)
        retap_packets()
    end, MENU_STAT_UNSORTED)
end
