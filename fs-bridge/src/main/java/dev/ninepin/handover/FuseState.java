package dev.ninepin.handover;

import dev.ninepin.p9.ByteString;
import java.util.List;

/**
 * The state of a FUSE connection for the program that serves it next.
 *
 * @param device the descriptor of /dev/fuse
 * @param connection the kernel's number of the connection
 * @param request the kernel's INIT
 * @param answer the answer to it; empty if libfuse sent it
 * @param waiting the requests of programs that wait for a lock; the next program starts them again
 */
public record FuseState(int device, int connection, ByteString request, ByteString answer, List<ByteString> waiting) {
    public FuseState {
        waiting = List.copyOf(waiting);
    }
}
