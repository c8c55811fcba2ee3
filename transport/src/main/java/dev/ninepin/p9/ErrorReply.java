package dev.ninepin.p9;

/** The reply to any request that failed: {@link Rlerror}, or {@link Rerror} from servers that send this instead. */
public interface ErrorReply {
    /** The errno, by its number on Linux. */
    int ecode();
}
