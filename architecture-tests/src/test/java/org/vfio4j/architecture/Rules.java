// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.vfio4j.ProgramRunner;

/** Who may know whom. The table says for each module which packages it may use beside the JDK's and its own. */
final class Rules {
    private static final String[] USER_API = {"org.vfio4j", "org.vfio4j.exercise"};
    private static final String[] API = {"org.vfio4j", "org.vfio4j.exercise", "org.vfio4j.uapi..", "org.vfio4j.spi.."};
    private static final String SLF4J = "org.slf4j..";

    /** A module's own packages, and the third-party and sibling packages it may use. */
    @SuppressWarnings("ArrayRecordComponent") // ArchUnit takes arrays
    record Module(String name, String[] own, String... allowed) {}

    static final List<Module> MODULES = List.of(
            new Module("api", API),
            new Module("ffm", new String[] {"org.vfio4j.ffm.."}),
            new Module(
                    "core",
                    new String[] {"org.vfio4j.core.."},
                    with(
                            API,
                            "org.vfio4j.ffm..",
                            "com.google.inject..",
                            "com.google.common..",
                            "jakarta.inject..",
                            SLF4J)),
            new Module("backend-type1", new String[] {"org.vfio4j.backend.type1.."}, with(API, SLF4J)),
            new Module("backend-iommufd", new String[] {"org.vfio4j.backend.iommufd.."}, with(API, SLF4J)),
            new Module("backend-spapr", new String[] {"org.vfio4j.backend.spapr.."}, with(API, SLF4J)),
            new Module("drivers-pci", new String[] {"org.vfio4j.drivers.pci.."}, with(API, SLF4J)),
            new Module("drivers-mdev", new String[] {"org.vfio4j.drivers.mdev.."}, with(API, SLF4J)),
            new Module("drivers-fsl-mc", new String[] {"org.vfio4j.drivers.fslmc.."}, with(API, SLF4J)),
            new Module(
                    "host-embedded",
                    new String[] {"org.vfio4j.host.embedded.."},
                    with(API, "com.fasterxml.jackson.core..", SLF4J)),
            new Module("runner", new String[] {"org.vfio4j.runner.."}, with(API, "org.vfio4j.ffm..", SLF4J)),
            new Module(
                    "testing",
                    new String[] {"org.vfio4j.testing.."},
                    with(API, "org.junit..", "org.opentest4j..", "org.assertj..", "org.apiguardian..")),
            new Module(
                    "cli",
                    new String[] {"org.vfio4j.cli.."},
                    with(
                            API,
                            "picocli..",
                            "com.fasterxml.jackson.core..",
                            "com.google.inject..",
                            "jakarta.inject..",
                            SLF4J)));

    private Rules() {}

    private static String[] with(String[] some, String... more) {
        return Stream.concat(Stream.of(some), Stream.of(more)).toArray(String[]::new);
    }

    /** One rule for each row of the table. */
    static List<ArchRule> moduleRules() {
        var rules = new ArrayList<ArchRule>();
        for (var module : MODULES) {
            var allowed = with(with(module.own(), module.allowed()), "java..", "javax..", "org.jspecify..");
            rules.add(onlyUse(module.name(), resideInAnyPackage(module.own()), allowed));
        }
        return rules;
    }

    static ArchRule onlyUse(String module, DescribedPredicate<JavaClass> own, String... allowed) {
        return classes()
                .that(own)
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(allowed).or(describe("primitives and arrays", Rules::plain)))
                .as("module " + module + " uses only " + String.join(", ", allowed))
                .allowEmptyShould(false);
    }

    private static boolean plain(JavaClass type) {
        return type.getBaseComponentType().isPrimitive();
    }

    /** The rules on backends, drivers and hosts as kinds, so that a third one is held too. */
    static final ArchRule PARTS_DO_NOT_KNOW_EACH_OTHER = noClasses()
            .that(resideInAnyPackage("org.vfio4j.backend..", "org.vfio4j.drivers..", "org.vfio4j.host.."))
            .should(new ArchCondition<JavaClass>("use core or another backend, driver or host") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                    for (var dependency : type.getDirectDependenciesFromSelf()) {
                        var part = part(type.getPackageName());
                        var used = part(dependency.getTargetClass().getPackageName());
                        if (!used.isEmpty() && !used.equals(part)) {
                            events.add(SimpleConditionEvent.satisfied(dependency, dependency.getDescription()));
                        }
                    }
                }
            })
            .as("no backend, driver or host knows another one or the core");

    private static String part(String packageName) {
        var names = packageName.split("\\.", -1);
        if (names.length < 3 || !packageName.startsWith("org.vfio4j.")) {
            return "";
        }
        return switch (names[2]) {
            case "core" -> "core";
            case "backend", "drivers", "host" -> names.length > 3 ? names[2] + "." + names[3] : "";
            default -> "";
        };
    }

    static final ArchRule LINKER_ONLY_IN_FFM = noClasses()
            .that(resideInAPackage("org.vfio4j..").and(not(resideInAPackage("org.vfio4j.ffm.."))))
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.lang.foreign.Linker")
            .as("only ffm links native functions");

    static final ArchRule GUICE_ONLY_IN_CORE_AND_CLI = noClasses()
            .that(resideInAPackage("org.vfio4j..")
                    .and(not(resideInAnyPackage("org.vfio4j.core..", "org.vfio4j.cli.."))))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.google.inject..")
            .as("Guice is used only by core and cli");

    static final ArchRule SPI_DOES_NOT_MENTION_USER_API = noClasses()
            .that(resideInAnyPackage("org.vfio4j.spi..", "org.vfio4j.uapi.."))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(USER_API)
            .as("SPI and uAPI packages do not mention user API packages");

    static final ArchRule ONLY_CORE_IMPLEMENTS_USER_API = noClasses()
            .that(resideInAPackage("org.vfio4j..").and(not(resideInAnyPackage("org.vfio4j.core..", "org.vfio4j"))))
            .should(new ArchCondition<JavaClass>("implement a user API interface") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                    for (var implemented : type.getAllRawInterfaces()) {
                        // Doors are found as services, so what they implement stands in the user API too.
                        if (implemented.getPackageName().equals("org.vfio4j")
                                && !implemented.isEquivalentTo(ProgramRunner.class)) {
                            events.add(SimpleConditionEvent.satisfied(
                                    type, type.getName() + " implements " + implemented.getName()));
                        }
                    }
                }
            })
            .as("only core implements the user API, but for the doors' services");

    static final ArchRule API_HAS_NO_STATIC_MUTABLE_STATE = fields().that()
            .areDeclaredInClassesThat(resideInAnyPackage(API))
            .and()
            .areStatic()
            .and(describe("are not an enum's own tables, filled once", field -> !isEnumTable(field)))
            .should()
            .beFinal()
            .andShould()
            .notHaveRawType(describe(
                    "an array, collection, atomic or lock",
                    type -> type.isArray()
                            || type.isAssignableTo(java.util.Collection.class)
                            || type.isAssignableTo(Map.class)
                            || type.getPackageName().startsWith("java.util.concurrent")))
            .as("api has no static mutable state");

    private static boolean isEnumTable(JavaField field) {
        return field.getOwner().isEnum()
                && field.getModifiers().contains(JavaModifier.PRIVATE)
                && field.getModifiers().contains(JavaModifier.FINAL);
    }

    static final ArchRule API_HAS_NO_IMPLEMENTATION = classes()
            .that(resideInAnyPackage(API))
            .should(new ArchCondition<JavaClass>("be an interface, record, enum, exception or holder of constants") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                    var vocabulary = type.isInterface()
                            || type.isAnnotation()
                            || type.isRecord()
                            || type.isEnum()
                            || type.isAssignableTo(Throwable.class)
                            || type.getSimpleName().equals("package-info")
                            || holdsConstants(type);
                    if (!vocabulary) {
                        events.add(SimpleConditionEvent.violated(type, type.getName() + " is an implementation"));
                    }
                }
            })
            .as("api has no implementation");

    /** A final class nobody can instantiate: no instance fields, private constructors. Enum bodies count as their enum. */
    private static boolean holdsConstants(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.FINAL)
                        && type.getFields().stream()
                                .allMatch(field -> field.getModifiers().contains(JavaModifier.STATIC))
                        && type.getConstructors().stream()
                                .allMatch(made -> made.getModifiers().contains(JavaModifier.PRIVATE))
                || type.getRawSuperclass().filter(JavaClass::isEnum).isPresent();
    }

    static final ArchRule NO_PACKAGE_CYCLES = slices().assignedFrom(
                    new com.tngtech.archunit.library.dependencies.SliceAssignment() {
                        @Override
                        public com.tngtech.archunit.library.dependencies.SliceIdentifier getIdentifierOf(
                                JavaClass type) {
                            return type.getPackageName().startsWith("org.vfio4j")
                                    ? com.tngtech.archunit.library.dependencies.SliceIdentifier.of(
                                            type.getPackageName())
                                    : com.tngtech.archunit.library.dependencies.SliceIdentifier.ignore();
                        }

                        @Override
                        public String getDescription() {
                            return "packages";
                        }
                    })
            .should()
            .beFreeOfCycles()
            .as("no cycles between packages");
}
