package dev.ninepin;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The arrows of docs/architecture.md: each package uses only those that stand before it. */
@AnalyzeClasses(
        packages = "dev.ninepin",
        importOptions = {DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {
    /** The tests of the other modules are seen as jars, once these are packaged. */
    static final class NoTestJars implements ImportOption {
        @Override
        public boolean includes(final Location location) {
            return !location.contains("-tests.jar");
        }
    }

    /** The rooms, lowest first, and the rooms that each may use. Every package has a line. */
    private static final String ARROWS = """
            p9
            os
            channel          p9
            channel.stream   p9 os channel
            channel.vio9p    p9 os channel
            virtio.dma       os
            virtio.pci       p9 os virtio.dma
            virtio.queue     virtio.dma
            virtio.device    p9 channel virtio.dma virtio.pci virtio.queue
            virtio.driver    p9 os channel virtio.dma virtio.pci virtio.device
            virtio.qemu      os channel virtio.dma virtio.pci virtio.device
            session.exchange p9 channel
            session.fid      p9 session.exchange
            session          p9 channel session.exchange session.fid

            operations       p9 session.exchange session.fid
            handover         p9 operations
            share.id         operations
            share.options    operations share.id
            share.cache      p9 session.exchange operations
            share.inode      p9 session.exchange session.fid operations handover share.cache
            share.path       p9 os session.exchange session.fid session operations share.options share.cache \
                             share.inode
            share.aside      p9 os operations handover share.inode
            share.attr       p9 session.exchange session.fid session operations share.id share.options \
                             share.cache share.inode share.path share.aside
            share.xattr      p9 session.exchange session.fid session operations share.id share.options \
                             share.cache share.inode share.path share.attr
            share.name       p9 session.exchange session.fid session operations share.id share.options \
                             share.cache share.inode share.path share.aside share.attr share.xattr
            share.lock       p9 session.exchange session.fid session operations handover share.inode share.path
            share.dir        p9 session.exchange session.fid session operations handover share.options share.cache \
                             share.inode share.path share.aside share.attr
            share.file       p9 session.exchange session.fid session operations handover share.options \
                             share.cache share.inode share.path share.attr share.name share.lock
            share            p9 session.exchange session.fid session operations handover share.id share.options \
                             share.cache share.inode share.path share.aside share.attr share.xattr share.name \
                             share.dir share.file

            fuse.lib
            fuse.protocol    p9 operations fuse.lib
            fuse.mount       os fuse.lib fuse.protocol
            fuse.server      p9 os session.exchange operations handover fuse.lib fuse.protocol fuse.mount
            fuse             os session.exchange operations handover fuse.lib fuse.mount fuse.server

            daemon.host      os
            daemon.systemd   os
            daemon.log
            daemon.options   p9 os channel channel.stream channel.vio9p virtio.driver virtio.qemu session \
                             operations share.id share.options fuse.mount daemon.host
            daemon.control   os channel session.exchange session fuse.mount fuse daemon.host daemon.options
            daemon.life      p9 os channel session.exchange session.fid session operations handover share.id \
                             share.options share fuse.mount fuse daemon.host daemon.systemd daemon.log daemon.options \
                             daemon.control
            daemon.doctor    os virtio.driver session fuse.lib fuse.mount daemon.host daemon.options daemon.life
            cli              virtio.driver daemon.host daemon.log daemon.options daemon.control daemon.life \
                             daemon.doctor
            """;

    @ArchTest
    static void aRoomUsesOnlyTheRoomsBelowIt(final JavaClasses classes) {
        final Set<String> rooms = new HashSet<>();
        for (final String line : ARROWS.lines().filter(line -> !line.isEmpty()).toList()) {
            final List<String> words = List.of(line.split(" +"));
            final String room = words.get(0);
            assertThat(rooms).as("rooms above " + room).containsAll(words.subList(1, words.size()));
            rooms.add(room);
            usesOnly(words).check(classes);
        }
        assertThat(classes.stream()
                        .filter(each -> !each.getSimpleName().equals("package-info"))
                        .map(each -> each.getPackageName().substring("dev.ninepin.".length())))
                .isSubsetOf(rooms);
    }

    @ArchTest
    static final ArchRule roomsHaveNoCycles =
            slices().matching("dev.ninepin.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule onlyTheAdapterKnowsFuse = noClasses()
            .that()
            .resideOutsideOfPackage("dev.ninepin.fuse..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ru.serce..");

    @ArchTest
    static final ArchRule theShareKnowsNothingNative = noClasses()
            .that()
            .resideInAPackage("dev.ninepin.share..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("jnr..");

    @ArchTest
    static final ArchRule onlyTheCommandsWriteToTheTerminal = noClasses()
            .that()
            .resideOutsideOfPackage("dev.ninepin.cli..")
            .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS);

    @ArchTest
    static final ArchRule nothingStaticChanges = fields().that()
            .areStatic()
            .and()
            .doNotHaveModifier(JavaModifier.SYNTHETIC)
            .should()
            .beFinal();

    /** @param rooms a room, then the rooms that it may use */
    private static ArchRule usesOnly(final List<String> rooms) {
        final String[] allowed = rooms.stream().map("dev.ninepin."::concat).toArray(String[]::new);
        return classes()
                .that()
                .resideInAPackage(allowed[0])
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(allowed).or(resideOutsideOfPackages("dev.ninepin..")));
    }
}
