/**
 * The messages of 9P2000.L and their encoding. This package does not depend on sockets, devices or sessions.
 *
 * <p>Each message is an immutable record. Its Javadoc shows the wire format in the notation of the protocol's reference
 * (diod's {@code protocol.md}):
 *
 * <ul>
 *   <li>{@code name[n]} is a little-endian integer of n bytes
 *   <li>{@code name[s]} is a string: {@code len[2]} and that many bytes
 *   <li>{@code qid[13]} is {@code type[1] version[4] path[8]}
 * </ul>
 *
 * <p>All integers are unsigned on the wire. A Java {@code int} or {@code long} of the same width holds the same bits.
 *
 * <p>Records and enums are immutable and may be used by any thread. Readers and writers are not thread-safe. Decoding
 * bytes that are not a message throws {@link dev.ninepin.p9.ProtocolException} and no other exception.
 */
@NullMarked
package dev.ninepin.p9;

import org.jspecify.annotations.NullMarked;
