/*
 * Memory for a drawing, behind the module's own: what nibpcap/base/memory.h asks for. It is all
 * free again when the next drawing begins.
 */
#ifndef NIBDNS_PAGE_WASM_MEMORY_H
#define NIBDNS_PAGE_WASM_MEMORY_H

/* All memory of the drawing before is free. */
void memory_begin(void);

#endif
