package dev.ninepin.share;

/**
 * Who asks for a file operation: the user and group ids that a new file is to belong to.
 *
 * @param uid as geteuid(2)
 * @param gid as getegid(2)
 */
public record Caller(int uid, int gid) {}
