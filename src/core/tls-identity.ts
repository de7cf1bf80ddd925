/**
 * A client's certificate and key for TLS, and the authority that signed the server's certificate, as PEM texts. Without
 * `ca` the server's certificate is not verified: a node that asks for a client certificate has signed its own.
 */
export type TlsIdentity = { readonly cert: string; readonly key: string; readonly ca: string | undefined }
