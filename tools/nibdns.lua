-- Wireshark dissector for nibdns, a simplified DNS over UDP.
--
-- Wireshark and tshark 4.0 and later (Lua 5.2 and 5.4, so neither bit32 nor & >> //). For yourself
-- `tools/wireshark/install-dissector.sh`, once only `tshark -X lua_script:tools/nibdns.lua`.
--
-- Where it looks
--   UDP ports 21000 and 22000, or what the preference `nibdns.ports` says (ranges; may be empty);
--   Decode As; and a heuristic on every other UDP port (`--disable-heuristic nibdns_udp` ends it) that
--   takes exactly the datagrams that decode, so whatever it takes is shown without a fault.
--
-- Filters beside the fields of the message
--   nibdns.malformed                an error: the first rule broken, in the codec's words
--   nibdns.malformed.rule, .at      that rule ("NIB-3.2") and the octet, counted from 0
--   nibdns.malformed.RULE           an expert info for each rule: short flag qtype reserved atype ttl
--                                   trailing name_len name_octet name_empty name_label result_len
--                                   result_a result_aaaa miss_ttl
--   nibdns.mismatch.WHY             why a message is not the answer that its receiver waits for: flag
--                                   (a query came), id, question, answer; nibdns.mismatch_with is the
--                                   frame of the query that it was held against
--   nibdns.icmp_for, nibdns.icmp_in the query that an ICMP error quotes, and the frame of that error
--   nibdns.expert.WHAT              retransmission duplicate differs unsolicited unanswered not_found
--                                   failure cut icmp
--   What an ICMP error quotes has the message's fields too: `&& !icmp && !icmpv6` leaves it out.
--   The booleans nibdns.miss, nibdns.unsolicited and nibdns.unanswered are there when they are true.
--
-- How messages are paired
--   A response belongs to a query of the same two sockets whose ID, question type and question name
--   are its own, and its answer name is the question's, its answer type the question's or CNAME. The
--   first that fits is the answer; further ones are duplicates, which leave the query as it is. A
--   response that fits no query is unsolicited, and a mismatch too when its receiver was waiting.
--   A query with the ID and question of one still unanswered, from the same socket, is its
--   retransmission, unless the last try was longer ago than `nibdns.retransmission_window` seconds.
--   After the answer the same query is a new exchange: it gets an answer of its own, which is the
--   one that its sender takes. Repeats and their answer all point to the first try, from which the
--   response time counts.
--   Malformed messages are never paired: servers do not answer them, clients throw them away. What
--   an ICMP error quotes is a copy: it is tied to its query and changes nothing.
--   What lies ahead in the capture (nibdns.response_in, retransmitted_in, unanswered, icmp_in) is known
--   in a second pass: always in Wireshark, with -2 in tshark. All else is the same in one pass.
--
-- Statistics: tshark -q -z nibdns,stat[,FILTER] -r FILE
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

local TEXT_MAX, LABEL_MAX, TTL_MAX = 253, 63, 2147483647

local NOT_FOUND, FAILURE = "Record not found", "Server failure"
local OUTCOMES = { [NOT_FOUND] = "not_found", [FAILURE] = "failure" } -- any other text is "found"

-- What can be wrong with a datagram, in the codec's own words.
local RULES = {
    { key = "short",       rule = "NIB-2.1", words = "message ends inside a field" },
    { key = "flag",        rule = "NIB-2.2", words = "flag is neither query nor response" },
    { key = "qtype",       rule = "NIB-2.3", words = "question type is none of A, AAAA, CNAME, NS" },
    { key = "reserved",    rule = "NIB-2.4",
        words = "the four bits before the answer type are not zero" },
    { key = "atype",       rule = "NIB-2.5", words = "answer type is none of A, AAAA, CNAME, NS" },
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
-- are which field, and the tree is drawn from that list alone: there is one place that knows the format.
--
-- A datagram can end early in two ways. The message may be too short (NIB-2.1), or the capture may
-- have kept only its beginning; that is nobody's fault, `cut` is set and what is there is shown.
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

-- The eight groups of an IPv6 address, or nil; no zone index. An IPv4 address at the end is two groups.
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

-- Reader: the octets that the capture has, and how many the datagram had. Its first note of a fault
-- counts; from then on, and once the capture ran out, reads give nil.
local Reader = {}
Reader.__index = Reader

local function reader_of(octets, datagram_len, quoted)
    return setmetatable({
        octets = octets,
        len = datagram_len,
        quoted = quoted, -- an ICMP error may quote any beginning of a datagram: too short is cut
        off = 0,         -- off <= #octets <= len
        fault = nil,     -- { rule =, at =, from =, n = }: the rule, its octet, which octets to mark
        cut = false,
        cut_text = nil,  -- what is there of a text
        shown = {},      -- { field =, at =, n =, value = } in the order of the octets
    }, Reader)
end

function Reader:fail(key, at, from, n)
    if not self.fault then
        self.fault = { rule = RULES[key], at = at, from = from, n = n }
    end
end

function Reader:show(field, at, n, value)
    self.shown[#self.shown + 1] = { field = field, at = at, n = n, value = value }
end

-- The offset of the next n octets.
function Reader:take(n)
    if self.fault or self.cut then
        return nil
    elseif n > self.len - self.off and not self.quoted then
        self:fail("short", self.len, self.off, self.len - self.off)
        return nil
    elseif n > #self.octets - self.off then
        self.cut = true
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

-- A text behind its length, and where it begins. Of a cut text the beginning is shown, and nil given.
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

-- What a result says beside its text, each type in its own way. A fault marks the whole address, but
-- of a name the octet.
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

-- The message in a datagram, of which the capture has these octets. A field that was not reached, or
-- broke a rule in its text, is nil. A message decodes when it has neither `fault` nor `cut`.
local function decode(octets, datagram_len, quoted)
    local r = reader_of(octets, datagram_len, quoted)
    local m = {}
    m.id = r:u32("id")
    m.flag, m.qtype = r:packed("flag", RESPONSE, "flag", "qry.type", "qtype")
    m.qname = r:name("qry.name")
    if m.flag == RESPONSE then
        read_answer(r, m)
    end
    if not r.fault and not r.cut and r.off ~= r.len then
        r:fail("trailing", r.off, r.off, r.len - r.off)
    end
    m.fault, m.cut, m.cut_text, m.shown = r.fault, r.cut, r.cut_text, r.shown
    return m
end

-- "name has an empty label (NIB-3.3) at octet 9"
local function fault_line(fault)
    return string.format("%s (%s) at octet %d", fault.rule.words, fault.rule.rule, fault.at)
end

-- `Query A www.csusm.edu id 0`, `Response A www.csusm.edu 144.37.5.45 ttl 60 id 0`. A response of
-- another type than the question's names it before the result. Of a cut message, what is there.
local function message_line(m)
    if m.fault then
        return "Malformed: " .. fault_line(m.fault)
    end
    local words = { FLAGS[m.flag] or "Message", TYPES[m.qtype], m.qname }
    local function add(word)
        words[#words + 1] = word
    end
    if m.atype and m.atype ~= m.qtype then
        add(TYPES[m.atype])
    end
    if m.result then
        add(escaped(m.result))
    elseif m.cut then
        -- the beginning of the question name or of the result; an answer name would look like a result
        add(((not m.qname or m.ttl) and m.cut_text or "") .. "...")
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

frame("response_in", "Response in", frametype.RESPONSE, "The response to this query")
frame("response_to", "Response to", frametype.REQUEST, "The first try of the query answered here")
field("time", ProtoField.relative_time, "Response time", "From the first try to the response")
frame("retransmission_of", "Retransmission of", frametype.RETRANS_PREV, "The first try of this query")
frame("retransmitted_in", "Retransmitted in", frametype.RETRANS_NEXT, "A repeat of this query")
frame("duplicate_of", "Duplicate of", frametype.NONE, "The first response to the same query")
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
    expert_info("mismatch." .. r.key, string.format("%s: %s", r.rule, r.words),
        expert.group.PROTOCOL, expert.severity.WARN)
end

local function situation(name, text, group, severity)
    expert_info("expert." .. name, text, expert.group[group], expert.severity[severity])
end

situation("retransmission", "The query is a retransmission", "SEQUENCE", "NOTE")
situation("duplicate", "The query has a response already", "SEQUENCE", "NOTE")
situation("differs", "The response differs from the first one to the same query", "SEQUENCE", "WARN")
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
-- The first time that Wireshark shows a frame (`pinfo.visited` is false then, and the frames come in
-- order) a record of it is made; every later time, in any order, the record is read. A record
-- holds what was known at that moment, and an exchange what came after.
--
-- Nothing here looks into the tree: in the first of two passes there is none.
---------------------------------------------------------------------------------------------------

local function new_state()
    return {
        addresses = {},     -- Address objects, sorted
        address_ids = {},   -- and a number for each, at the same index
        conversations = {}, -- by both sockets, the asking one first
        frames = {},        -- records, by frame number
    }
end

local state = new_state() -- of the capture that is open

function nibdns.init()
    state = new_state()
end

-- A number for an address. An Address has no octets to make a key of, and its text may be a host name,
-- which need not be the same at the next frame; so addresses are ordered and searched.
local function address_id(address)
    local low, high = 1, #state.addresses + 1
    while low < high do
        local middle = math.floor((low + high) / 2)
        if state.addresses[middle] < address then
            low = middle + 1
        else
            high = middle
        end
    end
    if state.addresses[low] ~= address then
        table.insert(state.addresses, low, address)
        table.insert(state.address_ids, low, #state.addresses)
    end
    return state.address_ids[low]
end

-- Two keys: of the packet's own direction, and of the one back.
local function conversation_keys(pinfo)
    local from = string.format("%d:%d", address_id(pinfo.src), pinfo.src_port)
    local to = string.format("%d:%d", address_id(pinfo.dst), pinfo.dst_port)
    return from .. ">" .. to, to .. ">" .. from
end

local function question_key(m)
    return string.format("%d:%d:%s", m.id, m.qtype, m.qname)
end

-- Why a response does not fit a query: one of MISMATCHES, or nil. What a cut response lost is not
-- held against it.
local function mismatch(query, m)
    if m.id ~= query.id then
        return MISMATCHES.id
    elseif m.qtype ~= query.qtype or m.qname ~= query.qname then
        return MISMATCHES.question
    elseif (m.aname or query.qname) ~= query.qname then
        return MISMATCHES.answer
    elseif (m.atype or CNAME) ~= CNAME and m.atype ~= query.qtype then
        return MISMATCHES.answer
    end
end

-- The exchange in which that conversation waits for an answer, or nil.
local function waiting(conversation)
    local latest = conversation and conversation.latest
    return latest and not latest.response and latest or nil
end

local function new_exchange(pinfo, m)
    return {
        query = pinfo.number, -- the first try; repeats are in `tries` too
        tries = { pinfo.number },
        started = pinfo.rel_ts,
        last_try = pinfo.rel_ts,
        id = m.id, qtype = m.qtype, qname = m.qname,
        between = string.format("%s:%d -> %s:%d", escaped(tostring(pinfo.src)), pinfo.src_port,
            escaped(tostring(pinfo.dst)), pinfo.dst_port),
        response = nil,       -- the frame of the first response
        last_response = nil,  -- and of the last one
        answer = nil,         -- the first one's type and result; false when it was cut
    }
end

local function track_query(pinfo, m, record)
    local forth, back = conversation_keys(pinfo)
    local conversation = state.conversations[forth]
    if not conversation then
        conversation = { by_question = {}, by_id = {}, latest = nil }
        state.conversations[forth] = conversation
    end
    local key = question_key(m)
    local exchange = conversation.by_question[key]
    if exchange and not exchange.response
        and pinfo.rel_ts - exchange.last_try <= nibdns.prefs.retransmission_window then
        record.retransmission_of = exchange.query
        exchange.tries[#exchange.tries + 1] = pinfo.number
        exchange.last_try = pinfo.rel_ts
    else
        exchange = new_exchange(pinfo, m)
        conversation.by_question[key] = exchange
        conversation.by_id[m.id] = exchange
        conversation.latest = exchange
    end
    record.exchange = exchange
    local other = waiting(state.conversations[back])
    if other then
        record.mismatch, record.mismatch_with = MISMATCHES.flag, other.query
    end
end

local function track_response(pinfo, m, record)
    local _, back = conversation_keys(pinfo)
    local conversation = state.conversations[back]
    local exchange = conversation
        and (conversation.by_question[question_key(m)] or conversation.by_id[m.id]
            or waiting(conversation))
    if not exchange then
        record.unsolicited = true
        return
    end
    local why = mismatch(exchange, m)
    if why then
        record.unsolicited = true
        record.mismatch, record.mismatch_with = why, exchange.query
        return
    end
    -- without the TTL: a cache sends a smaller one with its second response
    local answer = not m.cut and string.format("%d %s", m.atype, m.result)
    record.exchange = exchange
    exchange.last_response = pinfo.number
    if exchange.response then
        record.duplicate_of = exchange.response
        record.differs = answer and exchange.answer and answer ~= exchange.answer
    else
        record.time = pinfo.rel_ts - exchange.started
        exchange.response = pinfo.number
        exchange.answer = answer
    end
end

local function track_quoted(pinfo, m, record)
    local forth, back = conversation_keys(pinfo)
    local conversation = state.conversations[m.flag == QUERY and forth or back]
    if not conversation or not m.id then
        return
    end
    local exchange = conversation.by_id[m.id]
    if m.qname then -- some routers quote eight octets, too few to have it
        exchange = conversation.by_question[question_key(m)]
    end
    if not exchange then
        return
    end
    local quoted = exchange.last_response
    if m.flag == QUERY then
        quoted = exchange.tries[#exchange.tries]
    end
    if quoted then
        record.icmp_for = quoted
        state.frames[quoted].icmp_in = pinfo.number
    end
end

-- The record of this frame; m is what decode() gave.
local function track(pinfo, m)
    if pinfo.visited then
        return state.frames[pinfo.number] or {}
    end
    local record = { qtype = m.qtype, outcome = m.outcome }
    state.frames[pinfo.number] = record
    if pinfo.in_error_pkt then
        record.kind = "quoted"
        track_quoted(pinfo, m, record)
    elseif m.fault then
        record.kind = "malformed"
        record.rule = m.fault.rule
    elseif not m.qname then
        record.kind = "cut"
    elseif m.flag == QUERY then
        record.kind = "query"
        track_query(pinfo, m, record)
    else
        record.kind = "response"
        track_response(pinfo, m, record)
    end
    return record
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
    for _, s in ipairs(m.shown) do
        local octets = tvb(s.at, s.n)
        local item
        if s.value == nil then -- a number, which Wireshark reads from the octets
            item = tree:add(F[s.field], octets)
        else
            local value_of = VALUE_OF[s.field]
            item = tree:add(F[s.field], octets, value_of and value_of(s.value) or s.value)
        end
        if s.field == "miss" then
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

-- Notes are what stands in no octet of the datagram: items in the tree, and marks in the Info column.
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

local REPEATS_SHOWN = 100 -- a flood of repeats would make a tree that Wireshark refuses

local function note_query(notes, record, exchange, whole_capture_seen)
    if notes:add("retransmission_of", record.retransmission_of) then
        notes:info("expert.retransmission", "Retransmission")
    else
        for i = 2, math.min(#exchange.tries, REPEATS_SHOWN + 1) do
            notes:add("retransmitted_in", exchange.tries[i])
        end
    end
    notes:add("response_in", exchange.response)
    if notes:add("unanswered", whole_capture_seen and not exchange.response) then
        notes:info("expert.unanswered", "Unanswered")
    end
end

local function note_response(notes, record, exchange)
    notes:add("response_to", exchange and exchange.query)
    notes:add("time", record.time and time_of(record.time))
    if notes:add("duplicate_of", record.duplicate_of) then
        notes:info("expert.duplicate", "Duplicate")
    end
    if record.differs then
        notes:info("expert.differs", "Differs")
    end
    if notes:add("unsolicited", record.unsolicited) then
        notes:info("expert.unsolicited", "Unsolicited")
    end
end

-- The marks are returned.
local function show_record(tree, record, whole_capture_seen)
    local notes = setmetatable({ tree = tree, item = nil, marks = "" }, Notes)
    if record.kind == "query" then
        note_query(notes, record, record.exchange, whole_capture_seen)
    elseif record.kind == "response" then
        note_response(notes, record, record.exchange)
    end
    local why = record.mismatch
    if why then
        notes:add("mismatch_with", record.mismatch_with)
        notes:info("mismatch." .. why.key, why.words, string.format(
            "%s (%s): not what the query in frame %d waits for", why.words, why.rule,
            record.mismatch_with))
    end
    if notes:add("icmp_for", record.icmp_for) or notes:add("icmp_in", record.icmp_in) then
        notes:info("expert.icmp")
    end
    return notes.marks
end

local function show(tvb, pinfo, tree, m)
    local record = track(pinfo, m)
    local line = message_line(m)
    local item = tree:add(nibdns, tvb())
    item:append_text(", " .. line)
    show_message(item, tvb, m)
    local marks = show_record(item, record, pinfo.visited)
    if not pinfo.in_error_pkt then -- there the columns tell of the error
        pinfo.cols.protocol = "nibdns"
        pinfo.cols.info = line .. marks
    end
end

---------------------------------------------------------------------------------------------------
-- 6. Where the dissector is called
---------------------------------------------------------------------------------------------------

local function decode_tvb(tvb, pinfo)
    return decode(tvb:raw(0, tvb:captured_len()), tvb:reported_len(), pinfo.in_error_pkt)
end

-- On the ports of the preference, and by Decode As: every datagram is ours, and a broken one a fault.
function nibdns.dissector(tvb, pinfo, tree)
    show(tvb, pinfo, tree, decode_tvb(tvb, pinfo))
    return tvb:captured_len()
end

-- On any other port: what decodes whole. The conversation is not claimed for what else comes in it.
nibdns:register_heuristic("udp", function(tvb, pinfo, tree)
    local m = decode_tvb(tvb, pinfo)
    if m.fault or m.cut then
        return false
    end
    show(tvb, pinfo, tree, m)
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
-- 7. Statistics: -z nibdns,stat[,FILTER]
---------------------------------------------------------------------------------------------------

local Statistics = {}
Statistics.__index = Statistics

local function new_statistics()
    return setmetatable({
        counts = {}, -- counts[what][type]
        rules = {},  -- by rule
        times = { n = 0, sum = 0, min = math.huge, max = -math.huge },
        exchanges = {},
    }, Statistics)
end

function Statistics:count(what, type)
    local row = self.counts[what] or {}
    self.counts[what] = row
    row[type] = (row[type] or 0) + 1
    row.total = (row.total or 0) + 1
end

-- One frame. What was answered only later is not asked here, but of the exchanges at the end.
function Statistics:add(record)
    if record.mismatch then
        self:count("mismatch", record.qtype)
        self:count("mismatch." .. record.mismatch.key, record.qtype)
    end
    if record.kind == "query" then
        if record.retransmission_of then
            self:count("retransmissions", record.qtype)
        else
            self:count("queries", record.qtype)
            self.exchanges[#self.exchanges + 1] = record.exchange
        end
    elseif record.kind == "response" then
        if record.duplicate_of then
            self:count("duplicates", record.qtype)
        elseif record.unsolicited then
            self:count("unsolicited", record.qtype)
        else
            self:count(record.outcome or "answer_cut", record.qtype)
            local times = self.times
            times.n, times.sum = times.n + 1, times.sum + record.time
            times.min = math.min(times.min, record.time)
            times.max = math.max(times.max, record.time)
        end
    elseif record.kind == "malformed" then
        self.rules[record.rule] = (self.rules[record.rule] or 0) + 1
        self.rules.total = (self.rules.total or 0) + 1
    elseif record.kind then -- "quoted", "cut"
        self:count(record.kind, "other")
    end
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

    local open = {}
    self.counts.unanswered = nil -- Wireshark draws again while packets come in
    for _, exchange in ipairs(self.exchanges) do
        if not exchange.response then
            open[#open + 1] = exchange
            self:count("unanswered", exchange.qtype)
        end
    end

    local ruler = string.rep("=", 72)
    add(ruler)
    add("nibdns: messages by question type")
    add("%-32s%8s%8s%8s%8s%8s", "", "A", "AAAA", "CNAME", "NS", "all")
    row("Queries", "queries")
    row("  answered: found", "found")
    row("  answered: record not found", "not_found")
    row("  answered: server failure", "failure")
    row("  answered: cut in the capture", "answer_cut")
    row("  unanswered", "unanswered")
    row("Retransmissions", "retransmissions")
    row("Duplicates", "duplicates")
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
    for _, exchange in ipairs(open) do
        add("Unanswered: frame %d, %s %s id %d, %s, tries %d", exchange.query,
            TYPES[exchange.qtype], exchange.qname, exchange.id, exchange.between, #exchange.tries)
    end
    add(ruler)
    return table.concat(lines, "\n")
end

register_stat_cmd_arg("nibdns,stat", function(argument)
    local filter = argument and argument:match("^nibdns,stat,(.+)$")
    local tap = Listener.new("frame", filter)
    local statistics = new_statistics()
    function tap.reset()
        statistics = new_statistics()
    end
    function tap.packet(pinfo)
        local record = state.frames[pinfo.number]
        if record then
            statistics:add(record)
        end
    end
    function tap.draw()
        print(statistics:text())
    end
end)
