package dev.ninepin.mounted;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * With messages of 8 KiB, 16 at once, and no Tflush. Needs {@code /dev/cuse}, so a guest runs it, whose processor is
 * emulated: hence a small tree.
 */
@EnabledIfSystemProperty(named = "ninepin.test.cuse", matches = "true")
class Vio9pMountTest extends SharedMount {
    Vio9pMountTest() throws IOException {
        super(ServerKind.DIOD_VIO9P);
    }

    @Test
    void aTreeIsTheSameHereAndThereAndCopiedBack() throws Exception {
        final String source = mount().beside("source").resolve("tree").toString();
        final String back = mount().beside("back").toString();
        mount().python("""
                source, back = sys.argv[1:]
                make_tree(source, 60)
                with open(source + '/large', 'wb') as f:
                    f.write(os.urandom(1 << 20))
                wanted = manifest(source)
                subprocess.run(['cp', '-a', source, 'tree'], check=True)
                same(manifest(S + '/tree', there=True), wanted)
                same(manifest('tree'), wanted)
                subprocess.run(['cp', '-a', 'tree', back], check=True)
                same(manifest(back + '/tree'), wanted)
                """, source, back);
        mount().sh("rm -rf tree; [ -z \"$(ls -A)\" ]; rm -rf \"$@\"", source, back);
    }
}
