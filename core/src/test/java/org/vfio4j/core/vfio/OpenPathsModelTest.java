// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.vfio4j.core.vfio.Interleavings.beside;
import static org.vfio4j.core.vfio.Interleavings.check;
import static org.vfio4j.core.vfio.Interleavings.errnoOf;
import static org.vfio4j.core.vfio.Interleavings.explore;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.process.LocalProcess;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The ways to a device that exclude each other, or share it, taken at the same time. */
@Tag("model")
class OpenPathsModelTest {
    private static final int SCHEDULES = 60;

    private final Caller caller = new LocalProcess(
            (path, flags) -> {
                throw new VfioException(Errno.ENOENT, path);
            },
            new FrameTable(),
            ProcessOptions.root());

    private static CoreParts twoDevices() {
        return new CoreParts(machine -> {
            var group = machine.group(1);
            machine.device("x", group);
            machine.device("y", group);
        });
    }

    /** The context is handed over with a reference, as the look-up of its descriptor does. */
    private static void bind(CdevFile file, IommufdContext context) {
        file.bind(
                null,
                () -> {
                    context.retain();
                    return context;
                },
                id -> check(id > 0, "BIND gave id " + id));
    }

    private static void checkUnused(CoreParts parts) {
        check(parts.machine.findGroup(1).ownerCount() == 0, "a claim of the group's DMA is left");
        for (var device : parts.machine.buses().getFirst().devices()) {
            FakeOps ops = parts.driver.ops(device);
            check(ops.violations.isEmpty(), ops.violations.toString());
            check(ops.opens.get() == ops.closes.get(), "opens and closes of " + device.name() + " differ");
            var core = (CoreDevice) ops.vfioDevice();
            check(core.openCount() == 0, "open count of " + device.name());
            check(core.registration().count() == 1, "registration count of " + device.name());
        }
    }

    @Test
    @Spec({"C-144", "C-146"})
    void shouldLetOneOfTwoBindsWinAndTheOtherAfterItsClose() {
        explore(SCHEDULES, () -> {
            var parts = twoDevices();
            var files = new CdevFile[] {parts.registry.openNode(0), parts.registry.openNode(0)};
            var contexts = new IommufdContext[] {parts.context(), parts.context()};
            @Nullable Errno[] outcomes = new @Nullable Errno[2];
            beside(
                    () -> outcomes[0] = errnoOf(() -> bind(files[0], contexts[0])),
                    () -> outcomes[1] = errnoOf(() -> bind(files[1], contexts[1])));
            int winner = outcomes[0] == null ? 0 : 1;
            int loser = 1 - winner;
            check(outcomes[winner] == null, "nobody won");
            check(outcomes[loser] == Errno.EINVAL, "the loser got " + outcomes[loser]);
            check(files[winner].granted() && !files[loser].granted(), "granted files");
            files[winner].close();
            bind(files[loser], contexts[loser]);
            files[loser].close();
            checkUnused(parts);
        });
    }

    @Test
    @Spec("C-147")
    void shouldNotLetAGroupOpenAndABindBothSucceed() {
        explore(SCHEDULES, () -> {
            var parts = twoDevices();
            var group = parts.groups.find(1).orElseThrow();
            var file = parts.registry.openNode(0);
            var context = parts.context();
            @Nullable GroupFile[] opened = new @Nullable GroupFile[1];
            @Nullable Errno[] outcomes = new @Nullable Errno[2];
            beside(
                    () -> outcomes[0] = errnoOf(() -> opened[0] = group.open(caller)),
                    () -> outcomes[1] = errnoOf(() -> bind(file, context)));
            check(outcomes[0] == null ^ outcomes[1] == null, "both or none succeeded");
            check(outcomes[0] == Errno.EBUSY || outcomes[1] == Errno.EBUSY, "the loser did not get EBUSY");
            if (opened[0] != null) {
                opened[0].close();
                bind(file, context);
            }
            file.close();
            group.open(caller).close();
            checkUnused(parts);
        });
    }

    @Test
    @Spec({"C-144", "C-149"})
    void shouldCountTheSharersOfADevice() {
        explore(SCHEDULES, () -> {
            var parts = twoDevices();
            var group = parts.groups.find(1).orElseThrow().open(caller);
            group.setContainer(caller, new ContainerRole.Iommufd(parts.context()));
            var device = (CoreDevice) parts.driver.ops(parts.machine.find("x")).vfioDevice();
            Runnable openAndClose = () -> {
                try (var hold = group.match("x")) {
                    var file = group.openDevice(caller, hold);
                    check(file.granted() && device.openCount() > 0, "a granted file of a device with open count 0");
                    file.close();
                }
            };
            beside(openAndClose, openAndClose);
            group.close();
            checkUnused(parts);
        });
    }

    @Test
    @Spec({"C-150", "C-152"})
    void shouldEitherOpenOrMissADeviceThatIsBeingUnregistered() {
        explore(SCHEDULES, () -> {
            var parts = twoDevices();
            var group = parts.groups.find(1).orElseThrow().open(caller);
            group.setContainer(caller, new ContainerRole.Iommufd(parts.context()));
            FakeOps ops = parts.driver.ops(parts.machine.find("x"));
            beside(() -> parts.remove("x"), () -> {
                var refused = errnoOf(() -> {
                    try (var hold = group.match("x");
                            var file = group.openDevice(caller, hold)) {
                        check(!ops.released, "the device was destroyed under its file");
                        file.ops().info();
                    }
                });
                check(refused == null || refused == Errno.ENODEV, "GET_DEVICE_FD got " + refused);
            });
            check(ops.released, "the device was not destroyed");
            check(ops.violations.isEmpty(), ops.violations.toString());
            check(ops.opens.get() == ops.closes.get(), "opens and closes differ");
            group.close();
            check(parts.machine.findGroup(1).ownerCount() == 0, "a claim of the group's DMA is left");
        });
    }

    /** The field has no synchronisation of its own: who sees the file granted must see what openDevice wrote. */
    @Test
    @Spec("C-158")
    void shouldShowWhatOpenDeviceWroteToWhoeverSeesTheFileGranted() {
        explore(SCHEDULES, () -> {
            var parts = twoDevices();
            var file = parts.registry.openNode(0);
            var context = parts.context();
            var written = new int[1];
            parts.driver.ops(parts.machine.find("x")).insideOpenOrClose = () -> written[0] = 42;
            beside(() -> bind(file, context), () -> {
                if (file.granted()) {
                    check(written[0] == 42, "granted, but openDevice's write is not there");
                    file.ops().info();
                }
            });
            file.close();
            checkUnused(parts);
        });
    }
}
