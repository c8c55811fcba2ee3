package dev.ninepin.fuse;

import java.nio.ByteBuffer;

/**
 * Requests that the kernel's protocol got after 7.19, the last that libfuse 2.9 knows. Each that we serve has the shape
 * of an older one, and is handed to libfuse as that: so libfuse decodes it, and sees to its interrupts and its one reply,
 * as for any other. What is left of the difference is this kind, which the callback finds at its {@link Worker}.
 *
 * <p>So it is with what the kernel has come to say in older requests, which libfuse drops.
 *
 * <p>What is not among these libfuse answers with ENOSYS, and the kernel remembers it, and does without: LSEEK (a file
 * is data to its end), COPY_FILE_RANGE (it copies by reading and writing). Opcodes and structs are those of the kernel's
 * {@code include/uapi/linux/fuse.h}; the machine's byte order.
 */
enum RequestKind {
    /** libfuse knows it as it is. */
    KNOWN,

    /** The kernel wants to settle the connection's terms. */
    INIT,

    /** RENAME2 with RENAME_NOREPLACE, as RENAME: the new name must not be there yet. */
    RENAME_WITHOUT_REPLACING,

    /** RENAME2 with other flags, as RENAME. */
    RENAME_OTHERWISE,

    /** READDIRPLUS, as READDIR: each entry is to come with what a LOOKUP of it answers. */
    READ_DIRECTORY_PLUS,

    /** TMPFILE, as CREATE: the file is to have no name; the one in the request means nothing. */
    CREATE_UNNAMED,

    /** NOTIFY_REPLY: what was asked of the kernel's pages. Nobody waits for an answer. */
    PAGES,

    /** A SETATTR or WRITE by somebody who must not keep the file's set-ID bits (HANDLE_KILLPRIV_V2); libfuse drops that. */
    LOSING_SET_ID,

    /** A READ of a program that the kernel keeps no page of; libfuse drops the flag that says so. */
    READ_WITHOUT_PAGES;

    /** Where {@code struct fuse_in_header} has the opcode. */
    static final int OPCODE = 4;

    /** The length of {@code struct fuse_in_header}; the request's own struct begins there. */
    static final int HEADER = 40;

    private static final int OPCODE_SETATTR = 4;
    private static final int OPCODE_RENAME = 12;
    private static final int OPCODE_READ = 15;
    private static final int OPCODE_WRITE = 16;
    private static final int OPCODE_INIT = 26;
    private static final int OPCODE_READDIR = 28;
    private static final int OPCODE_CREATE = 35;
    private static final int OPCODE_NOTIFY_REPLY = 41;
    private static final int OPCODE_READDIRPLUS = 44;
    private static final int OPCODE_RENAME2 = 45;
    private static final int OPCODE_TMPFILE = 51;

    /** Where {@code struct fuse_rename2_in} has its flags: newdir[8] flags[4] padding[4]. */
    private static final int RENAME2_FLAGS = HEADER + 8;

    /** How much longer that struct is than {@code struct fuse_rename_in}: newdir[8]. */
    private static final int RENAME2_SURPLUS = 8;

    private static final int RENAME_NOREPLACE = 1;

    /** Where {@code struct fuse_setattr_in} says what is to change. */
    private static final int SETATTR_VALID = HEADER;

    private static final int FATTR_KILL_SUIDGID = 1 << 11;

    /** Where {@code struct fuse_write_in} has its flags: fh[8] offset[8] size[4] write_flags[4] … */
    private static final int WRITE_FLAGS = HEADER + 20;

    private static final int WRITE_KILL_SUIDGID = 1 << 2;

    /** Where {@code struct fuse_read_in} has its flags: fh[8] offset[8] size[4] read_flags[4] … */
    private static final int READ_FLAGS = HEADER + 20;

    /** The kernel names the owner of locks only where a program reads past the pages ({@code fs/fuse/file.c}). */
    private static final int READ_LOCKOWNER = 1 << 1;

    /** The kind of the request that begins {@code request}. */
    static RequestKind of(final ByteBuffer request) {
        return switch (request.getInt(OPCODE)) {
            case OPCODE_INIT -> INIT;
            case OPCODE_RENAME2 ->
                request.getInt(RENAME2_FLAGS) == RENAME_NOREPLACE ? RENAME_WITHOUT_REPLACING : RENAME_OTHERWISE;
            case OPCODE_NOTIFY_REPLY -> PAGES;
            case OPCODE_READDIRPLUS -> READ_DIRECTORY_PLUS;
            case OPCODE_TMPFILE -> CREATE_UNNAMED;
            case OPCODE_SETATTR -> kindByFlag(request, SETATTR_VALID, FATTR_KILL_SUIDGID, LOSING_SET_ID);
            case OPCODE_WRITE -> kindByFlag(request, WRITE_FLAGS, WRITE_KILL_SUIDGID, LOSING_SET_ID);
            case OPCODE_READ -> kindByFlag(request, READ_FLAGS, READ_LOCKOWNER, READ_WITHOUT_PAGES);
            default -> KNOWN;
        };
    }

    private static RequestKind kindByFlag(
            final ByteBuffer request, final int offset, final int flag, final RequestKind flagged) {
        return (request.getInt(offset) & flag) == 0 ? KNOWN : flagged;
    }

    /** Makes {@code request}, which is of this kind, one that libfuse knows; returns where that begins. */
    int rewrite(final ByteBuffer request) {
        switch (this) {
            case RENAME_WITHOUT_REPLACING, RENAME_OTHERWISE -> {
                request.putInt(OPCODE, OPCODE_RENAME);
                // The names stay where they are; header and newdir move up to them.
                final byte[] start = new byte[HEADER + Long.BYTES];
                request.get(0, start).put(RENAME2_SURPLUS, start);
                request.putInt(RENAME2_SURPLUS, request.getInt(0) - RENAME2_SURPLUS);
                return RENAME2_SURPLUS;
            }
            case READ_DIRECTORY_PLUS -> request.putInt(OPCODE, OPCODE_READDIR);
            case CREATE_UNNAMED -> request.putInt(OPCODE, OPCODE_CREATE);
            case KNOWN, INIT, PAGES, LOSING_SET_ID, READ_WITHOUT_PAGES -> {}
        }
        return 0;
    }
}
