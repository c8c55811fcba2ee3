package dev.ninepin.testing;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rclunk;
import dev.ninepin.p9.Rflush;
import dev.ninepin.p9.Rfsync;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlcreate;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rlink;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.p9.Rmkdir;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rreaddir;
import dev.ninepin.p9.Rreadlink;
import dev.ninepin.p9.Rrenameat;
import dev.ninepin.p9.Rsetattr;
import dev.ninepin.p9.Rstatfs;
import dev.ninepin.p9.Runlinkat;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.p9.Tattach;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Tfsync;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tlcreate;
import dev.ninepin.p9.Tlink;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tmkdir;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Treaddir;
import dev.ninepin.p9.Treadlink;
import dev.ninepin.p9.Trenameat;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.p9.Tstatfs;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.p9.Tversion;
import dev.ninepin.p9.Twalk;
import dev.ninepin.p9.Twrite;
import dev.ninepin.p9.Txattrwalk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A server with a small tree in memory, behind an {@link AnsweringChannel}. It answers correctly, except where a test
 * makes it lie. Its fids refer to files, not paths.
 */
public final class LyingServer implements AnsweringChannel.Server {
    public static final int S_IFDIR = 0040000;
    public static final int S_IFREG = 0100000;
    public static final int S_IFLNK = 0120000;

    private static final int ENOENT = 2;
    private static final int EBADF = 9;
    private static final int EEXIST = 17;
    private static final int ENODATA = 61;
    private static final int EOPNOTSUPP = 95;

    private final Map<Class<? extends Tmessage>, Lie> lies = new ConcurrentHashMap<>();
    private final Map<Integer, File> fids = new HashMap<>();
    private final Set<Integer> open = new HashSet<>();
    private final File root = new File(new Qid(Qid.DIR, 0, 1), S_IFDIR | 0755, new byte[0]);
    private long lastPath = 1;

    /** A replacement for the correct answer. Runs on the thread that sends the request. */
    @FunctionalInterface
    public interface Lie {
        Message instead(Tmessage request, Message truth);
    }

    private static final class File {
        private final Qid qid;
        private final int mode;
        private byte[] content;
        private final Map<ByteString, File> children = new LinkedHashMap<>();

        File(final Qid qid, final int mode, final byte[] content) {
            this.qid = qid;
            this.mode = mode;
            this.content = content;
        }
    }

    /** Creates a file with the file type in {@code mode}. Its parent directory must exist. Returns the file's qid. */
    public synchronized Qid put(final String path, final int mode, final byte... content) {
        final int type = mode & 0170000;
        lastPath++;
        return put(
                path,
                new Qid(type == S_IFDIR ? Qid.DIR : type == S_IFLNK ? Qid.SYMLINK : 0, 0, lastPath),
                mode,
                content);
    }

    /** Creates a file as above, with a given qid, which may be the qid of another file. */
    public synchronized Qid put(final String path, final Qid qid, final int mode, final byte... content) {
        directoryOf(path).children.put(lastName(path), new File(qid, mode, content));
        return qid;
    }

    /** Removes a file, as another program on the server would. */
    public synchronized void remove(final String path) {
        directoryOf(path).children.remove(lastName(path));
    }

    /**
     * Gives the path of a file to another file, as a rename by another program would. All fids on the path are then on
     * the other file, as on a server whose fids are paths.
     */
    public synchronized void replace(final String path, final String by) {
        final File other = directoryOf(by).children.remove(lastName(by));
        final File replaced = directoryOf(path).children.put(lastName(path), other);
        fids.replaceAll((fid, file) -> file == replaced ? other : file);
    }

    /** Gives the path of a file to another file like {@link #replace}, but open fids stay on the file. */
    public synchronized void replaceExceptForOpenFids(final String path, final String by) {
        final Map<Integer, File> opened = new HashMap<>(fids);
        opened.keySet().retainAll(open);
        replace(path, by);
        fids.putAll(opened);
    }

    /** Returns the qid of the file that a fid is on; null if there is no such fid. */
    public synchronized @Nullable Qid qidOf(final int fid) {
        final File file = fids.get(fid);
        return file == null ? null : file.qid;
    }

    /** Returns the names in the root directory. */
    public synchronized List<ByteString> names() {
        return List.copyOf(root.children.keySet());
    }

    private File directoryOf(final String path) {
        File directory = root;
        final int slash = path.lastIndexOf('/');
        for (final String name :
                slash < 0 ? new String[0] : path.substring(0, slash).split("/", -1)) {
            directory = directory.children.get(ByteString.of(name));
        }
        return directory;
    }

    private static ByteString lastName(final String path) {
        return ByteString.of(path.substring(path.lastIndexOf('/') + 1));
    }

    /** Passes all further answers to requests of a kind through {@code lie}. */
    public void lie(final Class<? extends Tmessage> kind, final Lie lie) {
        lies.put(kind, lie);
    }

    /** Answers all further requests correctly. */
    public void tellTheTruth() {
        lies.clear();
    }

    @Override
    public List<ByteBuffer> answer(final int tag, final Tmessage request) {
        return List.of(AnsweringChannel.bytes(tag, answer(request)));
    }

    /** Returns the answer to a request. */
    public Message answer(final Tmessage request) {
        final Message truth = truth(request);
        final Lie lie = lies.get(request.getClass());
        return lie == null ? truth : lie.instead(request, truth);
    }

    private synchronized Message truth(final Tmessage request) {
        if (request instanceof Tversion version) {
            fids.clear();
            return new Rversion(version.msize(), version.version());
        } else if (request instanceof Tattach attach) {
            fids.put(attach.fid(), root);
            return new Rattach(root.qid);
        } else if (request instanceof Tflush) {
            return new Rflush();
        } else if (request instanceof Tclunk clunk) {
            open.remove(clunk.fid());
            return fids.remove(clunk.fid()) == null ? new Rlerror(EBADF) : new Rclunk();
        }
        final File file = fids.get(fidOf(request));
        return file == null ? new Rlerror(EBADF) : truth(request, file);
    }

    private static int fidOf(final Tmessage request) {
        try {
            return (int) request.getClass().getMethod(fidName(request)).invoke(request);
        } catch (final ReflectiveOperationException e) {
            return -1;
        }
    }

    private static String fidName(final Tmessage request) {
        if (request instanceof Tmkdir) {
            return "dfid";
        } else if (request instanceof Trenameat) {
            return "olddirfid";
        }
        return request instanceof Tunlinkat ? "dirfd" : "fid";
    }

    private Message truth(final Tmessage request, final File file) {
        if (request instanceof Twalk walk) {
            return walk(walk, file);
        } else if (request instanceof Tgetattr) {
            return attributes(file);
        } else if (request instanceof Tlopen opened) {
            open.add(opened.fid());
            return new Rlopen(file.qid, 0);
        } else if (request instanceof Tread read) {
            final int from = (int) Math.min(Math.max(read.offset(), 0), file.content.length);
            return new Rread(ByteBuffer.wrap(file.content, from, Math.min(read.count(), file.content.length - from))
                    .slice());
        } else if (request instanceof Twrite write) {
            return new Rwrite(write.data().remaining());
        } else if (request instanceof Treaddir readdir) {
            return list(readdir, file);
        } else if (request instanceof Treadlink) {
            return new Rreadlink(ByteString.copyOf(file.content));
        } else if (request instanceof Tstatfs) {
            return new Rstatfs(0x01021997, 4096, 100, 50, 50, 100, 50, 1, 255);
        } else if (request instanceof Tsetattr) {
            return new Rsetattr();
        } else if (request instanceof Tlink link) {
            final File directory = fids.get(link.dfid());
            if (directory == null || directory.children.putIfAbsent(link.name(), file) != null) {
                return new Rlerror(EEXIST);
            }
            return new Rlink();
        } else if (request instanceof Tfsync) {
            return new Rfsync();
        } else if (request instanceof Txattrwalk walk) {
            if (walk.name().startsWith(ByteString.of("system."))) {
                return new Rlerror(ENODATA);
            }
            // Every other attribute has the content of the file as its value.
            fids.put(walk.newfid(), file);
            return new Rxattrwalk(file.content.length);
        }
        return change(request, file);
    }

    private Message change(final Tmessage request, final File directory) {
        if (request instanceof Tunlinkat unlink) {
            return directory.children.remove(unlink.name()) == null ? new Rlerror(ENOENT) : new Runlinkat();
        } else if (request instanceof Trenameat rename) {
            final File moved = directory.children.remove(rename.oldname());
            final File to = fids.get(rename.newdirfid());
            if (moved == null || to == null) {
                return new Rlerror(ENOENT);
            }
            to.children.put(rename.newname(), moved);
            return new Rrenameat();
        } else if (request instanceof Tmkdir mkdir) {
            final File made = new File(new Qid(Qid.DIR, 0, ++lastPath), S_IFDIR | 0755, new byte[0]);
            return directory.children.putIfAbsent(mkdir.name(), made) == null
                    ? new Rmkdir(made.qid)
                    : new Rlerror(EEXIST);
        } else if (request instanceof Tlcreate create) {
            final File made = new File(new Qid(0, 0, ++lastPath), S_IFREG | 0644, new byte[0]);
            if (directory.children.putIfAbsent(create.name(), made) != null) {
                return new Rlerror(EEXIST);
            }
            fids.put(create.fid(), made);
            return new Rlcreate(made.qid, 0);
        }
        return new Rlerror(EOPNOTSUPP);
    }

    private Message walk(final Twalk walk, final File from) {
        final List<Qid> qids = new ArrayList<>();
        @Nullable File file = from;
        for (final ByteString name : walk.names()) {
            file = file.children.get(name);
            if (file == null) {
                return qids.isEmpty() ? new Rlerror(ENOENT) : new Rwalk(qids);
            }
            qids.add(file.qid);
        }
        fids.put(walk.newfid(), file);
        return new Rwalk(qids);
    }

    private static Message list(final Treaddir request, final File directory) {
        final List<Dirent> entries = new ArrayList<>();
        long cookie = 0;
        for (final Map.Entry<ByteString, File> child : directory.children.entrySet()) {
            cookie++;
            if (cookie > request.offset()) {
                entries.add(new Dirent(child.getValue().qid, cookie, 0, child.getKey()));
            }
        }
        return page(request.count(), entries);
    }

    /** Returns a page with as many entries as fit into {@code count} bytes. */
    public static Rreaddir page(final int count, final List<Dirent> entries) {
        final ByteBuffer page = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        for (final Dirent entry : entries) {
            if (entry.size() > page.remaining()) {
                break;
            }
            entry.encode(page);
        }
        return new Rreaddir(page.flip());
    }

    private static Rgetattr attributes(final File file) {
        final int size = file.content.length;
        return attributes(file.qid, file.mode, size, 1, 4096);
    }

    /** Returns attributes for a lie. */
    public static Rgetattr attributes(
            final Qid qid, final int mode, final long size, final long nlink, final long blksize) {
        return new Rgetattr(AttrMask.BASIC, qid, mode, 0, 0, nlink, 0, size, blksize, 8, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0);
    }
}
