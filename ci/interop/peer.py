"""Python's side: peer.py ROLE VERSION NO_TICKET CA CERTIFICATE KEY [ADDRESS]"""
import socket
import ssl
import sys

role, version, no_ticket, ca, cert, key = sys.argv[1:7]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == "server" else ssl.PROTOCOL_TLS_CLIENT)
context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
if no_ticket == "true":
    context.options |= ssl.OP_NO_TICKET

if role == "server":
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0))
    print("listens %s:%d" % listener.getsockname())
    while True:
        raw, _ = listener.accept()
        with context.wrap_socket(raw, server_side=True) as conn:
            conn.recv(1000)
            print("session_reused", conn.session_reused)
            conn.sendall(b"page")
            conn.unwrap()

context.load_verify_locations(ca)
host, port = sys.argv[7].split(":")
session = None
for _ in range(2):
    raw = socket.create_connection((host, int(port)))
    with context.wrap_socket(raw, server_hostname="localhost", session=session) as conn:
        conn.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while conn.recv(1000):
            pass
        print("session_reused", conn.session_reused)
        session = conn.session
        conn.unwrap()
