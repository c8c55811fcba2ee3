package dev.ninepin.p9;

import com.google.errorprone.annotations.Immutable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The messages of 9P2000.L, with the type byte, record and decoder of each. The type byte of a reply is the type byte
 * of its request plus one. Source: diod's {@code protocol.md}; QEMU's {@code hw/9pfs/9p.h}, {@code enum} of {@code
 * P9_TLERROR} and following.
 */
public enum MessageType {
    RLERROR(7, Rlerror.class, Rlerror::decode),
    TSTATFS(8, Tstatfs.class, Tstatfs::decode),
    RSTATFS(9, Rstatfs.class, Rstatfs::decode),
    TLOPEN(12, Tlopen.class, Tlopen::decode),
    RLOPEN(13, Rlopen.class, Rlopen::decode),
    TLCREATE(14, Tlcreate.class, Tlcreate::decode),
    RLCREATE(15, Rlcreate.class, Rlcreate::decode),
    TSYMLINK(16, Tsymlink.class, Tsymlink::decode),
    RSYMLINK(17, Rsymlink.class, Rsymlink::decode),
    TMKNOD(18, Tmknod.class, Tmknod::decode),
    RMKNOD(19, Rmknod.class, Rmknod::decode),
    TRENAME(20, Trename.class, Trename::decode),
    RRENAME(21, Rrename.class, Rrename::decode),
    TREADLINK(22, Treadlink.class, Treadlink::decode),
    RREADLINK(23, Rreadlink.class, Rreadlink::decode),
    TGETATTR(24, Tgetattr.class, Tgetattr::decode),
    RGETATTR(25, Rgetattr.class, Rgetattr::decode),
    TSETATTR(26, Tsetattr.class, Tsetattr::decode),
    RSETATTR(27, Rsetattr.class, Rsetattr::decode),
    TXATTRWALK(30, Txattrwalk.class, Txattrwalk::decode),
    RXATTRWALK(31, Rxattrwalk.class, Rxattrwalk::decode),
    TXATTRCREATE(32, Txattrcreate.class, Txattrcreate::decode),
    RXATTRCREATE(33, Rxattrcreate.class, Rxattrcreate::decode),
    TREADDIR(40, Treaddir.class, Treaddir::decode),
    RREADDIR(41, Rreaddir.class, Rreaddir::decode),
    TFSYNC(50, Tfsync.class, Tfsync::decode),
    RFSYNC(51, Rfsync.class, Rfsync::decode),
    TLOCK(52, Tlock.class, Tlock::decode),
    RLOCK(53, Rlock.class, Rlock::decode),
    TGETLOCK(54, Tgetlock.class, Tgetlock::decode),
    RGETLOCK(55, Rgetlock.class, Rgetlock::decode),
    TLINK(70, Tlink.class, Tlink::decode),
    RLINK(71, Rlink.class, Rlink::decode),
    TMKDIR(72, Tmkdir.class, Tmkdir::decode),
    RMKDIR(73, Rmkdir.class, Rmkdir::decode),
    TRENAMEAT(74, Trenameat.class, Trenameat::decode),
    RRENAMEAT(75, Rrenameat.class, Rrenameat::decode),
    TUNLINKAT(76, Tunlinkat.class, Tunlinkat::decode),
    RUNLINKAT(77, Runlinkat.class, Runlinkat::decode),
    TVERSION(100, Tversion.class, Tversion::decode),
    RVERSION(101, Rversion.class, Rversion::decode),
    TAUTH(102, Tauth.class, Tauth::decode),
    RAUTH(103, Rauth.class, Rauth::decode),
    TATTACH(104, Tattach.class, Tattach::decode),
    RATTACH(105, Rattach.class, Rattach::decode),
    RERROR(107, Rerror.class, Rerror::decode),
    TFLUSH(108, Tflush.class, Tflush::decode),
    RFLUSH(109, Rflush.class, Rflush::decode),
    TWALK(110, Twalk.class, Twalk::decode),
    RWALK(111, Rwalk.class, Rwalk::decode),
    TREAD(116, Tread.class, Tread::decode),
    RREAD(117, Rread.class, Rread::decode),
    TWRITE(118, Twrite.class, Twrite::decode),
    RWRITE(119, Rwrite.class, Rwrite::decode),
    TCLUNK(120, Tclunk.class, Tclunk::decode),
    RCLUNK(121, Rclunk.class, Rclunk::decode),
    TREMOVE(122, Tremove.class, Tremove::decode),
    RREMOVE(123, Rremove.class, Rremove::decode);

    private static final MessageType[] BY_CODE = new MessageType[1 << Byte.SIZE];
    private static final Map<Class<? extends Message>, MessageType> BY_RECORD = new HashMap<>();

    static {
        for (final MessageType type : values()) {
            if (BY_CODE[type.code] != null || BY_RECORD.put(type.record, type) != null) {
                throw new AssertionError(type + " is in the table twice");
            }
            BY_CODE[type.code] = type;
        }
    }

    private final int code;
    private final Class<? extends Message> record;
    private final Decoder decoder;

    MessageType(final int code, final Class<? extends Message> record, final Decoder decoder) {
        this.code = code;
        this.record = record;
        this.decoder = decoder;
    }

    /** Returns the type byte, 0 to 255. */
    public int code() {
        return code;
    }

    /** Returns the record class of this message. */
    public Class<? extends Message> record() {
        return record;
    }

    /** Returns the name that the protocol's documentation uses, such as {@code Tgetattr}. */
    public String notation() {
        return record.getSimpleName();
    }

    Message decode(final WireReader in) {
        return decoder.decode(in);
    }

    /** Returns the message type with a given type byte; empty if 9P2000.L has none. */
    public static Optional<MessageType> ofCode(final int code) {
        return code < 0 || code >= BY_CODE.length ? Optional.empty() : Optional.ofNullable(BY_CODE[code]);
    }

    /**
     * Returns the types of all requests, or of all replies.
     *
     * @param kind {@link Tmessage} or {@link Rmessage}
     */
    public static MessageType[] all(final Class<? extends Message> kind) {
        return Arrays.stream(values())
                .filter(type -> kind.isAssignableFrom(type.record))
                .toArray(MessageType[]::new);
    }

    /** Returns the message type of a record class. */
    static MessageType of(final Class<? extends Message> record) {
        final MessageType type = BY_RECORD.get(record);
        if (type == null) {
            throw new AssertionError(record + " is not in the table");
        }
        return type;
    }

    /**
     * Decodes a message body. Never throws because of the bytes: {@link WireReader#finish} validates them afterwards.
     */
    @Immutable
    @FunctionalInterface
    private interface Decoder {
        Message decode(WireReader in);
    }
}
