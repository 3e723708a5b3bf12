/* A schema registry for tests: a thread with a socket on loopback that speaks the real REST paths
 * (GET /schemas/ids/N, GET and POST /subjects/S/versions..., POST /compatibility/...) and fails on
 * request.
 *
 *     struct stub_registry *stub = stub_registry_start();
 *     ... stub_registry_url(stub) ...
 *     stub_registry_stop(stub);
 */
#ifndef RESTOCK_STUB_REGISTRY_H
#define RESTOCK_STUB_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

enum stub_trouble {
    STUB_WELL,
    STUB_BUSY, /* HTTP 503 */
    STUB_REFUSES, /* HTTP 401 */
    STUB_SILENT, /* takes the request and says nothing */
    STUB_HTML, /* HTTP 404 of some other server */
    STUB_CONFLICT, /* HTTP 409 to every registration; "not compatible" */
};

struct stub_registry;

struct stub_registry *stub_registry_start(void);
void stub_registry_stop(struct stub_registry *stub);
const char *stub_registry_url(const struct stub_registry *stub);
/* Put a schema there without a request; returns its id. `extra` is appended to its answers, e.g.
 * ",\"schemaType\":\"JSON\"". */
int32_t stub_registry_add(struct stub_registry *stub, const char *text, const char *extra);
void stub_registry_trouble(struct stub_registry *stub, enum stub_trouble trouble);
int stub_registry_requests(struct stub_registry *stub); /* so far */
/* "Authorization: Basic ..." of the last request, "" without. */
void stub_registry_authorization(struct stub_registry *stub, char out[128]);

#endif
