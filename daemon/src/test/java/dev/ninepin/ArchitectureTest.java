package dev.ninepin;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;

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

    @ArchTest
    static final ArchRule p9KnowsNothingElse = usesOnly("p9");

    @ArchTest
    static final ArchRule channelUsesP9 = usesOnly("channel", "p9");

    @ArchTest
    static final ArchRule virtioUsesChannels = usesOnly("virtio", "channel", "p9");

    @ArchTest
    static final ArchRule sessionUsesAnyChannelAndSoKnowsNoDevice = usesOnly("session", "channel", "p9");

    @ArchTest
    static final ArchRule shareUsesSessions = usesOnly("share", "session", "p9");

    @ArchTest
    static final ArchRule fuseUsesShares = usesOnly("fuse", "share", "session", "p9");

    @ArchTest
    static final ArchRule daemonUsesAllBelow =
            usesOnly("daemon", "fuse", "share", "session", "virtio", "channel", "p9");

    @ArchTest
    static final ArchRule cliUsesTheDaemon = usesOnly("cli", "daemon");

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("dev.ninepin.(*)..").should().beFreeOfCycles();

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

    private static ArchRule usesOnly(final String user, final String... used) {
        final String[] allowed = new String[used.length + 1];
        allowed[0] = "dev.ninepin." + user + "..";
        for (int i = 0; i < used.length; i++) {
            allowed[i + 1] = "dev.ninepin." + used[i] + "..";
        }
        return classes()
                .that()
                .resideInAPackage(allowed[0])
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(allowed).or(resideOutsideOfPackages("dev.ninepin..")));
    }
}
