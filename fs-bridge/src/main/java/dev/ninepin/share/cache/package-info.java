/**
 * The data of files in the kernel's page cache, and when that data must be dropped. Also the writes that the server has
 * not answered yet ({@link PendingWrites}), and the changes that no fsync(2) has synced ({@link UnsyncedChanges}).
 *
 * <p>{@link FilePages} holds the state of one file, and its methods run the sequences below. {@link
 * dev.ninepin.operations.KernelCache} is the port to the kernel: {@code fuse.server} implements it with notifications.
 *
 * <p>An open decides about all pages of the file, and a write about the pages of its range. The write depends on the
 * ranges that the kernel has read before, which each read records. The left column names the callers in {@code
 * share.file}, and the methods of {@link FilePages} that they call.
 *
 * <pre>{@code
 * OPEN
 *   Opening.open           CachedData.judgeOpen: is the kernel's data good? ── yes ──► reply
 *     judgeOpen              │ no: other opens of the file wait
 *     drop                 Rereads.beginDrop
 *                          KernelCache.dropData
 *                            NOTIFY_INVAL_INODE ──► the kernel drops all pages
 *                          Rereads.endDrop
 *                          CachedData.endDrop: the other opens continue ────────► reply
 *
 * READ into a page
 *   OpenFiles.read         Rereads.beginRead: records the range if pages may have been dropped
 *     beginRead              Tread ──► server
 *                            reply; the read is now no longer under way
 *
 * WRITE of a program
 *   OpenFiles.write        CachedData.beginChange
 *     beginChange            Twrite ──► server
 *     endChange            CachedData.endChange
 *   OpenFiles.written      Rereads.dropIfOvertaken: was the range read since the drop? ── no ──► reply
 *     completeWrite          │ yes: wait for the kernel to receive the replies to these reads
 *                          OvertakenWrites.dropOlder
 *                          KernelCache.retrievePages
 *                            NOTIFY_RETRIEVE ──► the kernel sends its pages
 *                            │ a page differs from the write, or could not be fetched
 *                          KernelCache.dropPages
 *                            NOTIFY_INVAL_INODE ──► the kernel drops that page ─────► reply
 * }</pre>
 *
 * <p>Pages are also dropped at other times:
 *
 * <ul>
 *   <li>With {@code cache=none}, every open drops them, and with {@code cache=loose} none does.
 *   <li>The first lock that this host takes on a file drops them, except with {@code cache=loose}.
 *   <li>With {@code cache=none}, a read soon after a change on this mount drops them, if the kernel can map only files
 *       that use the page cache.
 *   <li>The kernel drops pages by itself, such as when it receives a new size. {@link FilePages#mayBeDropped} and
 *       {@link FilePages#mayAlwaysBeDropped} record that it may.
 * </ul>
 *
 * <p>A write drops pages because an earlier drop may have overtaken it. The kernel copies a program's data into the
 * file's pages and unlocks them ({@code fs/fuse/file.c}, fuse_fill_write_pages). Only then does it send the write
 * (fuse_perform_write). In between, the pages may be dropped and read again:
 *
 * <pre>{@code
 * program        kernel's page             Ninepin                          server
 * write(new) ──► new                                                        old
 *                dropped ◄──────────────── NOTIFY_INVAL_INODE               old
 *                READ ───────────────────► beginRead, Tread ──────────────► old
 *                old ◄──────────────────── reply ◄───────────────────────── old
 *                WRITE(new) ─────────────► Twrite ────────────────────────► new
 *                old                       dropIfOvertaken                  new
 *                dropped ◄──────────────── NOTIFY_INVAL_INODE               new
 * returns ◄─────────────────────────────── reply                            new
 * }</pre>
 *
 * <p>Without the second drop, the page would lack the write. The next program that reads a counter there, increments it
 * and writes it back would lose the write for good.
 *
 * <p>Ninepin cannot see that the kernel is about to send a write. But the kernel holds the inode's lock during a write,
 * so it writes to a file for one program at a time. Hence only the first write that ends after a drop can have been
 * overtaken, and only if its range was read after the drop began. This does not concern pages that the kernel writes
 * back: the kernel does not read such a page again before it is written.
 */
@NullMarked
package dev.ninepin.share.cache;

import org.jspecify.annotations.NullMarked;
