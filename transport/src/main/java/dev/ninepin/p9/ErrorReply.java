package dev.ninepin.p9;

/** The reply to a failed request: {@link Rlerror}, or {@link Rerror} from servers that send it instead. */
public interface ErrorReply {
    /** Returns the errno, with its number on Linux. */
    int ecode();
}
