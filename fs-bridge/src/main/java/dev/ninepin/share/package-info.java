/**
 * The implementation of file operations in terms of 9P: inodes, open files, directories and caches. It uses sessions,
 * and does not depend on FUSE.
 *
 * <p>Terms of this package:
 *
 * <ul>
 *   <li>The <em>session's user</em> is the user as whom the session is attached. Other users may have attaches of their
 *       own over the same session.
 *   <li>A <em>view</em> is a share as one user uses it, over that user's attach ({@link Share}).
 *   <li><em>On this mount</em> means by programs on this host through the share, not on the server or through another
 *       client.
 *   <li>A file is <em>put aside</em>, or silly-renamed, if it lost its name while it was open ({@link PutAside}).
 *   <li>A <em>file ID</em> is the part of a qid that identifies a file on the server ({@link FileId}). <em>Twins</em>
 *       are two files with the same {@code qid.path} ({@link Twins}).
 * </ul>
 */
@NullMarked
package dev.ninepin.share;

import org.jspecify.annotations.NullMarked;
