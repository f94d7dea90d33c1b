// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;

/** Administrators who enable and disable virtual functions while programs open them and others bind them. */
class SriovStressTest extends SriovTestCase {
    private static final int ROUNDS = 60;
    private static final int OPENERS = 3;
    private static final long PATIENCE_SECONDS = 120;

    /** What opening a function that comes and goes may answer. */
    private static final Set<Long> GONE = Set.of(
            UapiSystem.refusal(Errno.ENOENT),
            UapiSystem.refusal(Errno.ENODEV),
            UapiSystem.refusal(Errno.EBUSY),
            UapiSystem.refusal(Errno.EINVAL));

    /** What binding one may answer. */
    private static final Set<Long> BOUND = Set.of(
            0L, UapiSystem.refusal(Errno.ENODEV), UapiSystem.refusal(Errno.EBUSY), UapiSystem.refusal(Errno.ENOENT));

    @Test
    void shouldLeaveNothingBehindWhateverComesTogether() throws Exception {
        long group = openGroup(PF);
        long pf = deviceFd(group, withToken(PF, TOKEN));
        require("4", numVfs(PF, "4"));
        var groups = new String[] {groupPath(VF0), groupPath(VF1)};
        String groupsBefore = system.list("/sys/kernel/iommu_groups");
        var opened = new AtomicInteger();
        var over = new AtomicBoolean();
        var start = new CountDownLatch(1);
        List<Future<?>> running = new ArrayList<>();
        try (var threads = Executors.newCachedThreadPool()) {
            Callable<Integer> administrator = () -> {
                try (var own = newSystem(ProcessOptions.root())) {
                    start.await();
                    for (int round = 0; round < ROUNDS; round++) {
                        assertThat(own.writeFile(FUNCTIONS + PF + "/sriov_numvfs", "0"))
                                .isZero();
                        assertThat(own.writeFile(FUNCTIONS + PF + "/sriov_numvfs", "4"))
                                .isZero();
                    }
                } finally {
                    over.set(true);
                }
                return ROUNDS;
            };
            running.add(threads.submit(administrator));
            for (int i = 0; i < OPENERS; i++) {
                int number = i % 2;
                running.add(threads.submit(() -> {
                    start.await();
                    while (!over.get() || opened.get() == 0) {
                        if (openOnce(groups[number], number == 0 ? VF0 : VF1)) {
                            opened.incrementAndGet();
                        }
                    }
                    return opened;
                }));
            }
            running.add(threads.submit(() -> {
                try (var own = newSystem(ProcessOptions.root())) {
                    start.await();
                    while (!over.get()) {
                        assertThat(own.writeFile(DRIVERS + DRIVER + "/unbind", VF1))
                                .isIn(BOUND);
                        assertThat(own.writeFile(DRIVERS + DRIVER + "/bind", VF1))
                                .isIn(BOUND);
                    }
                }
                return over;
            }));
            start.countDown();
            for (var one : running) {
                one.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
        }
        assertThat(opened.get()).as("virtual functions opened").isPositive();
        assertThat(read(FUNCTIONS + PF + "/sriov_numvfs")).isEqualTo("4\n");
        assertThat(system.list("/sys/kernel/iommu_groups"))
                .as("isolation groups, by number")
                .isEqualTo(groupsBefore);
        assertThat(system.list("/sys/bus/pci/devices").lines()).doesNotHaveDuplicates();
        require("0", numVfs(PF, "0"));
        // Nobody is left in the books: the physical function opens without its token again.
        require("close", system.close(pf));
        require("PF without token", program.getDeviceFd(group, PF));
        require("4", numVfs(PF, "4"));
        assertThat(machine.driver(VF1)).contains(DRIVER);
    }

    /** Errors of everything that is tried while the physical function itself comes and goes. */
    private static final Set<Long> REFUSED = Set.of(
            0L,
            UapiSystem.refusal(Errno.ENOENT),
            UapiSystem.refusal(Errno.ENODEV),
            UapiSystem.refusal(Errno.EBUSY),
            UapiSystem.refusal(Errno.EINVAL),
            UapiSystem.refusal(Errno.EACCES));

    @Test
    void shouldSurviveAPhysicalFunctionThatIsTakenAwayToo() throws Exception {
        String groupsBefore = system.list("/sys/kernel/iommu_groups");
        var path = groupPath(PF);
        var over = new AtomicBoolean();
        var start = new CountDownLatch(1);
        List<Future<?>> running = new ArrayList<>();
        try (var threads = Executors.newCachedThreadPool()) {
            running.add(threads.submit(() -> {
                try (var own = newSystem(ProcessOptions.root())) {
                    start.await();
                    for (int round = 0; round < ROUNDS; round++) {
                        assertThat(own.writeFile(DRIVERS + DRIVER + "/unbind", PF))
                                .isZero();
                        assertThat(own.list("/sys/bus/pci/devices").lines())
                                .as("devices while the physical function has no driver")
                                .doesNotContain(VF0);
                        assertThat(own.writeFile(DRIVERS + DRIVER + "/bind", PF))
                                .isZero();
                    }
                } finally {
                    over.set(true);
                }
                return over;
            }));
            for (int i = 0; i < 2; i++) {
                running.add(threads.submit(() -> {
                    try (var own = newSystem(ProcessOptions.root())) {
                        start.await();
                        while (!over.get()) {
                            assertThat(own.writeFile(FUNCTIONS + PF + "/sriov_numvfs", "3"))
                                    .isIn(REFUSED);
                            assertThat(own.writeFile(FUNCTIONS + PF + "/sriov_numvfs", "0"))
                                    .isIn(REFUSED);
                        }
                    }
                    return over;
                }));
            }
            running.add(threads.submit(() -> {
                start.await();
                while (!over.get()) {
                    try (var own = newSystem(ProcessOptions.root())) {
                        var user = new Program(own);
                        openOnce(own, user, path, PF);
                        var vf = own.readLink("/sys/bus/pci/devices/" + VF0);
                        if (!vf.isEmpty()) {
                            String group = own.readLink("/sys" + vf.substring("../../..".length()) + "/iommu_group");
                            if (!group.isEmpty()) { // else it was taken away in between
                                openOnce(own, user, "/dev/vfio/" + group.substring(group.lastIndexOf('/') + 1), VF0);
                            }
                        }
                    }
                }
                return over;
            }));
            require("override", system.writeFile(FUNCTIONS + PF + "/driver_override", DRIVER));
            start.countDown();
            for (var one : running) {
                one.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
        }
        require("0", numVfs(PF, "0"));
        assertGone(VF0);
        assertThat(system.list("/sys/kernel/iommu_groups"))
                .as("isolation groups, by number")
                .isEqualTo(groupsBefore);
        require("PF without token", program.getDeviceFd(openGroup(PF), PF));
        require("4", numVfs(PF, "4"));
        assertThat(machine.driver(VF1)).contains(DRIVER);
    }

    /** Opens a function with the token, whatever comes of it. */
    private static void openOnce(UapiSystem own, Program user, String groupPath, String function) {
        long container = user.open(Program.CONTAINER);
        long group = own.open(groupPath);
        long result = group;
        if (group >= 0) {
            result = user.setContainer(group, container);
            result = result < 0 ? result : user.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU);
            result = result < 0 ? result : user.getDeviceFd(group, withToken(function, TOKEN));
        }
        assertThat(Math.min(result, 0)).as("opening of %s", function).isIn(REFUSED);
    }

    /** One program that opens a virtual function, moves data with it and ends. */
    private boolean openOnce(String groupPath, String function) {
        try (var own = newSystem(ProcessOptions.root())) {
            var user = new Program(own);
            long container = user.open(Program.CONTAINER);
            long group = own.open(groupPath);
            if (group < 0) {
                assertThat(group).as("open of the group").isIn(GONE);
                return false;
            }
            long attached = user.setContainer(group, container);
            long chosen = attached < 0 ? attached : user.setIommu(container, VfioExtension.VFIO_TYPE1v2_IOMMU);
            long device = chosen < 0 ? chosen : user.getDeviceFd(group, withToken(function, TOKEN));
            if (device < 0) {
                assertThat(device).as("one of the steps of opening").isIn(GONE);
                return false;
            }
            var memory = own.memory(8192);
            require("MAP_DMA", user.mapDma(container, memory, 1 << 20));
            new EduProgram(user, device).assertCarries(memory, 1 << 20);
            return true;
        }
    }
}
