package dev.ninepin.p9;

/** A 9P2000.L message without its tag: a {@link Tmessage} is a request, an {@link Rmessage} is a reply. */
public sealed interface Message permits Tmessage, Rmessage {
    /** Returns the message's type, which has the type byte and the decoder. */
    default MessageType messageType() {
        return MessageType.of(getClass());
    }

    /** Encodes the message body, which follows the header {@code size[4] type[1] tag[2]}. */
    void encode(WireWriter out);
}
