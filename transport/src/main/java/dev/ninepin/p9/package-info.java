/**
 * The messages of 9P2000.L and their bytes. Knows nothing else: no sockets, no devices, no sessions.
 *
 * <p>A message is an immutable record; its wire notation stands above it, in the form of the protocol's reference
 * (diod's {@code protocol.md}): {@code name[n]} is an integer of n bytes, little-endian; {@code name[s]} is a string,
 * {@code len[2]} and so many bytes; {@code qid[13]} is {@code type[1] version[4] path[8]}. All integers are unsigned
 * on the wire; a Java {@code int} or {@code long} of the same width holds the same bits.
 *
 * <p>Everything here is immutable or confined to its caller, and safe to use from any thread. Bytes that are not a
 * message give {@link dev.ninepin.p9.ProtocolException} and nothing else.
 */
@NullMarked
package dev.ninepin.p9;

import org.jspecify.annotations.NullMarked;
