// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Notes which checklist lines passing tests prove ({@link Spec}). Active when the system property
 * {@code vfio4j.spec.folder} names the folder for the parts; {@code vfio4j.spec.part} names this run. A test of a
 * parameterised method counts only if no invocation failed; numbers that no checklist has are listed as unknown.
 */
public final class SpecCoverageListener implements TestExecutionListener {
    private final Map<String, TreeSet<String>> proved = new TreeMap<>();
    private final TreeSet<String> failed = new TreeSet<>();

    /** Made by the JUnit platform. */
    public SpecCoverageListener() {}

    @Override
    public synchronized void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
        if (!(identifier.getSource().orElse(null) instanceof MethodSource method)) {
            return;
        }
        var spec = method.getJavaMethod().getAnnotation(Spec.class);
        if (spec == null) {
            return;
        }
        var test = method.getClassName().substring(method.getClassName().lastIndexOf('.') + 1) + "."
                + method.getMethodName();
        if (result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
            failed.add(test);
        }
        for (var number : spec.value()) {
            proved.computeIfAbsent(number, key -> new TreeSet<>()).add(test);
        }
    }

    @Override
    public synchronized void testPlanExecutionFinished(TestPlan plan) {
        var folder = System.getProperty("vfio4j.spec.folder");
        if (folder == null) {
            return;
        }
        proved.values().forEach(tests -> tests.removeAll(failed));
        proved.values().removeIf(TreeSet::isEmpty);
        try {
            SpecCoverage.store(Path.of(folder), System.getProperty("vfio4j.spec.part", "tests"), proved);
        } catch (IOException e) {
            throw new UncheckedIOException("the coverage of the checklists could not be written to " + folder, e);
        }
    }
}
