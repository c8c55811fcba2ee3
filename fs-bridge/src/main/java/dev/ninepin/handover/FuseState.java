package dev.ninepin.handover;

import dev.ninepin.p9.ByteString;
import java.util.List;

/**
 * What a program needs to go on with a FUSE connection.
 *
 * @param device the descriptor of /dev/fuse
 * @param connection the kernel's number of the connection
 * @param request the kernel's INIT
 * @param answer the answer that the kernel got; empty if libfuse gave it
 * @param waiting the requests of programs that wait for a lock, which are to be begun again
 */
public record FuseState(int device, int connection, ByteString request, ByteString answer, List<ByteString> waiting) {
    public FuseState {
        waiting = List.copyOf(waiting);
    }
}
