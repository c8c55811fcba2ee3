package dev.ninepin.p9;

/** One message of 9P2000.L, without its tag: a {@link Tmessage} asks, an {@link Rmessage} answers. */
public sealed interface Message permits Tmessage, Rmessage {
    /** The type byte, and with it the way to decode. */
    default MessageType messageType() {
        return MessageType.of(getClass());
    }

    /** Writes what follows the header {@code size[4] type[1] tag[2]}. */
    void encode(WireWriter out);
}
