package dev.ninepin.fuse;

import dev.ninepin.session.exchange.OperationStats;
import java.util.List;

/**
 * The statistics of a mount and its requests in progress.
 *
 * @param bytesRead the bytes of files passed to the kernel
 * @param bytesWritten the bytes of files accepted from the kernel
 * @param requestsInProgress the number of requests that are being served now
 * @param oldestRequestNanos how long the oldest of them has been served, in nanoseconds; 0 if there is none
 * @param operations the statistics of each kind of file operation, timed from receiving the request to sending the
 *     reply. A lookup of a name that does not exist is not counted as an error; every other failure that a program sees
 *     is. Forgets have no reply and are not included
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
