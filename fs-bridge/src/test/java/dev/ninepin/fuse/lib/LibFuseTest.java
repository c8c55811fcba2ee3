package dev.ninepin.fuse.lib;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.os.LibC;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Struct;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import ru.serce.jnrfuse.struct.FuseFileInfo;

/** Tests that libfuse's symbols and structs are the ones that the Java bindings expect. */
class LibFuseTest {
    /** The symbols that libfuse has in several versions, with the version that fuse_lowlevel.h declares. */
    private static final Map<String, String> VERSIONS = Map.of(
            "fuse_mount", "FUSE_2.6",
            "fuse_unmount", "FUSE_2.6",
            "fuse_lowlevel_new", "FUSE_2.6",
            "fuse_req_ctx", "FUSE_2.8",
            "fuse_reply_open", "FUSE_2.5",
            "fuse_reply_statfs", "FUSE_2.5");

    private static final int RTLD_NOW = 2;

    /** The dynamic linker. */
    public interface Linker {
        Pointer dlopen(String name, int flags);

        Pointer dlsym(Pointer library, String name);

        Pointer dlvsym(Pointer library, String name, String version);
    }

    @TestFactory
    Stream<DynamicTest> aPlainLookUpFindsTheVersionThatIsMeant() {
        final Linker linker = LibraryLoader.create(Linker.class).load("c");
        final Pointer library = linker.dlopen("libfuse.so.2", RTLD_NOW);
        return VERSIONS.entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> assertThat(
                                linker.dlsym(library, each.getKey()).address())
                        .isEqualTo(linker.dlvsym(library, each.getKey(), each.getValue())
                                .address())));
    }

    @Test
    void noFunctionTakesExactlySixLongs() {
        // jffi 1.3.15 corrupts the last of exactly six longs.
        assertThat(Stream.of(LibFuse.class, LibC.class)
                        .map(Class::getMethods)
                        .flatMap(Stream::of)
                        .filter(method -> method.getParameterCount() == 6)
                        .map(Method::getName))
                .isEmpty();
    }

    @Test
    void theStructsHaveLibfusesLayout() {
        final EntryParam entry = new EntryParam();
        assertThat(List.of(entry.node.offset(), entry.generation.offset(), entry.attributes.st_dev.offset()))
                .containsExactly(0L, 8L, 16L);
        final long afterStat = 16L + Struct.size(entry.attributes);
        assertThat(List.of(entry.attributeTimeout.offset(), entry.entryTimeout.offset()))
                .containsExactly(afterStat, afterStat + 8);

        final LowLevelOps ops = new LowLevelOps();
        assertThat(Struct.size(ops)).isEqualTo(41 * 8);
        assertThat(ops.access.offset()).isEqualTo(29 * 8);
        assertThat(ops.forgetMulti.offset()).isEqualTo(38 * 8);

        final FuseFileInfo info = FuseFileInfo.of(Native.allocate(64));
        assertThat(List.of(info.flags.offset(), info.fh.offset(), info.lock_owner.offset()))
                .containsExactly(0L, 24L, 32L);
    }
}
