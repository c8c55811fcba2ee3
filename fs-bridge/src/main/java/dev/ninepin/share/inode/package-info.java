/** The files of a share that the kernel may name: inodes, their names, and their open files. It sends no requests. */
@NullMarked
package dev.ninepin.share.inode;

import org.jspecify.annotations.NullMarked;
