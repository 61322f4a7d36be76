/*
 * Layer 7, private to the ladder's picture: its colours and fonts as a style sheet.
 */
#ifndef NIBDNS_NIBPCAP_LADDER_STYLE_H
#define NIBDNS_NIBPCAP_LADDER_STYLE_H

#include "nibdns/base.h"

struct nib_text svg_style(void);

#endif
