# The message of protocol.md, section 2, as a Kaitai Struct description (https://kaitai.io). A datagram
# that parses keeps every rule of sections 2 to 4 but two: whether a result of type A is an `ipv4`
# (NIB-4.2), and one of type AAAA an `ipv6` (NIB-4.3), is a grammar that no expression here can tell.
#
# The `doc` of a field names the rule that its check keeps; a field that ends too early breaks NIB-2.1.
# Checks stand in the order in which the text wants them tried, so the first to fail is the one that is
# reported. A field of size 0 is a check of what was read before it.
meta:
  id: nibdns
  title: nibdns message
  endian: be
  bit-endian: be
  ks-version: '0.11'
seq:
  - id: transaction_id
    type: u4
  - id: flag
    type: b4
    enum: flag
    valid:
      in-enum: true
    doc: NIB-2.2
  - id: qtype
    type: b4
    enum: rr_type
    valid:
      in-enum: true
    doc: NIB-2.3
  - id: qname
    type: name
  - id: answer
    type: answer
    if: flag == flag::response
  - id: end
    size: 0
    valid:
      expr: _io.eof
    doc: NIB-2.7
types:
  answer:
    seq:
      - id: zero
        type: b4
        valid: 0
        doc: NIB-2.4
      - id: atype
        type: b4
        enum: rr_type
        valid:
          in-enum: true
        doc: NIB-2.5
      - id: aname
        type: name
      - id: ttl
        type: u4
        valid:
          max: 2147483647
        doc: NIB-2.6
      - id: len_result
        type: u1
        valid:
          min: 1
          max: 253
        doc: NIB-4.1
      - id: result
        type: result
        size: len_result
  name:
    seq:
      - id: len_text
        type: u1
        valid:
          min: 1
          max: 253
        doc: NIB-3.1
      - id: body
        type: name_octets
        size: len_text
    instances:
      text:
        value: body.text
  name_octets:
    seq:
      - id: octets
        type: 'name_octet(_index == 0 ? 0 : octets[_index - 1].run)'
        repeat: eos
    instances:
      text:
        pos: 0
        size-eos: true
        type: str
        encoding: ISO-8859-1
  name_octet:
    doc: One octet of a name, and how long the label is that it belongs to.
    params:
      - id: run_before
        type: s4
        doc: octets of this label that stand before it
    seq:
      - id: code
        type: u1
        valid:
          expr: is_dot or (_ >= 0x30 and _ <= 0x39) or (_ >= 0x41 and _ <= 0x5a) or (_ >= 0x61 and _ <= 0x7a) or _ == 0x2d or _ == 0x5f
        doc: NIB-3.2
      - id: label_is_not_empty
        size: 0
        valid:
          expr: not is_dot or (run_before > 0 and not _io.eof)
        doc: NIB-3.3
      - id: label_is_not_long
        size: 0
        valid:
          expr: run <= 63
        doc: NIB-3.4
    instances:
      is_dot:
        value: code == 0x2e
      run:
        value: 'is_dot ? 0 : run_before + 1'
  result:
    seq:
      - id: miss_has_ttl_0
        size: 0
        valid:
          expr: not is_miss or _parent.ttl == 0
        doc: NIB-4.4
      - id: octets
        type: 'name_octet(_index == 0 ? 0 : octets[_index - 1].run)'
        repeat: eos
        if: is_name
    instances:
      text:
        pos: 0
        size-eos: true
        type: str
        encoding: ISO-8859-1
      is_miss:
        value: text == "Record not found" or text == "Server failure"
      is_name:
        value: not is_miss and (_parent.atype == rr_type::cname or _parent.atype == rr_type::ns)
enums:
  flag:
    0: query
    1: response
  rr_type:
    8: a
    4: aaaa
    2: cname
    1: ns
