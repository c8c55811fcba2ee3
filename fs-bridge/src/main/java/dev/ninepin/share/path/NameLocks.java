package dev.ninepin.share.path;

/**
 * The locks that prevent a file from being opened while its name is removed. Whether the file is open decides between a
 * plain removal and a silly rename. An open takes the lock shared; the removal of a name and a close take it
 * exclusively.
 */
public final class NameLocks extends StripedLocks {}
