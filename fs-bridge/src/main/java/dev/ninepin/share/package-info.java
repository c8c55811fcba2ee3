/**
 * Implements file operations in terms of 9P: inodes, open files, directories and caches. Uses sessions; does not depend
 * on FUSE.
 *
 * <p>Terms of this package:
 *
 * <ul>
 *   <li>A <em>view</em> is a share as one user uses it, over that user's attach ({@link Share}).
 *   <li>A file is <em>open on this mount</em> if a program on this host has it open, as opposed to programs on the
 *       server and other clients.
 *   <li>A file is <em>put aside</em>, or silly-renamed, if it lost its name while it was open
 *       ({@link PutAside}).
 *   <li>A <em>file ID</em> is the part of a qid that identifies a file on the server
 *       ({@link FileId}). <em>Twins</em> are two files with the same {@code qid.path}
 *       ({@link Twins}).
 * </ul>
 */
@NullMarked
package dev.ninepin.share;

import org.jspecify.annotations.NullMarked;
