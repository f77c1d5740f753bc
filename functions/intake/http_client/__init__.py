"""An HTTP/1.1 client transport for httpx: `httpx.AsyncClient(transport=PooledTransport(...))`. See README.md.

transport            `PooledTransport`, the interface to httpx
request_encoder      an httpx request as bytes
pool                 idle connections, and new ones
connect_limiter      limits the sockets, and how many connections to one origin are opened at once
connection           one connection: sends a request, receives its response
body_receiver        receives bytes of a body into the buffer of the caller
connection_reuse     which connections are reused, and which failures are only an idle connection's end
response_parser      one response, parsed as its bytes arrive
response_head        status, fields and framing of a response
chunked              the chunked transfer coding
happy_eyeballs       connects to the first address that accepts
descriptors          how many sockets the process may open
socket_state         bytes that arrived and were not read, or were sent and not acknowledged
read_deadline        a timer that is cheap to extend
resolver             resolves names and creates sockets; the part that a caller can replace
resolver_threads     threads for blocking lookups
wait_queue           tasks that wait in order
tls                  whether a connection ended cleanly
certificate_name     certificates of hosts with an underscore
errors               everything that the client raises
"""
