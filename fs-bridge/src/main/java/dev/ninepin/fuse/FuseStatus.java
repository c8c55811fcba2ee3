package dev.ninepin.fuse;

import dev.ninepin.session.OperationStats;
import java.util.List;

/**
 * What a mount has done, and is doing.
 *
 * @param bytesRead bytes of files given to the kernel
 * @param bytesWritten bytes of files taken from the kernel
 * @param requestsInProgress requests that wait for their answer now
 * @param oldestRequestNanos how long the oldest of them has waited; 0 if there is none
 * @param operations each kind of file operation, from the kernel's request to our reply. A lookup that finds no such
 *     name has been answered and is no error; everything else that a program sees fail is one. Forgets have no reply
 *     and are not here
 */
public record FuseStatus(
        long bytesRead,
        long bytesWritten,
        int requestsInProgress,
        long oldestRequestNanos,
        List<OperationStats> operations) {
    public FuseStatus {
        operations = List.copyOf(operations);
    }
}
