// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.host.embedded.machine.MdevSpec;
import org.vfio4j.host.embedded.machine.MdevSpec.ParentSpec;
import org.vfio4j.host.embedded.mdev.SampleBus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.mdev.MdevBus;
import org.vfio4j.spi.model.SharedRegisters;
import org.vfio4j.testing.Spec;
import org.vfio4j.testing.fixture.SimulatedVfioDevice;
import org.vfio4j.testing.fixture.SimulatedVfioDevice.Kind;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class VfioMdevDriverTest {
    private static final String UUID_TEXT = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1abc";

    private final SampleBus bus = new SampleBus(
            new MdevSpec(List.of(new ParentSpec("mtty", 24), new ParentSpec("mtty2", 2)), List.of()),
            Runnable::run,
            VfioMdevDriverTest::noDisplays);
    private final FakeCore core = new FakeCore();
    private final VfioMdevDriver driver = core.driver;

    @BeforeEach
    void attach() {
        driver.attachBus(bus);
    }

    private static SharedRegisters noDisplays(SharedRegisters.Layout layout) {
        throw new UnsupportedOperationException("there are no displays in these tests, not even of " + layout.length());
    }

    private static void assertRefused(Errno errno, Runnable action) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(action::run)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private int available(String parent, String type) {
        return driver.types().stream()
                .filter(view ->
                        view.parent().equals(parent) && view.type().name().equals(type))
                .findFirst()
                .orElseThrow()
                .available();
    }

    private SimulatedVfioDevice vfio(BusDevice device) {
        SimulatedVfioDevice vfioDevice = core.registered().get(device);
        if (vfioDevice == null) {
            throw new AssertionError(device.name() + " is not registered");
        }
        assertThat(vfioDevice.kind()).as("a mediated device is an emulated one").isEqualTo(Kind.EMULATED);
        assertThat(vfioDevice.setKey())
                .as("a mediated device is a set of its own")
                .isNull();
        return vfioDevice;
    }

    @Spec("M-006")
    @Test
    void shouldCreateADeviceNamedInLowerCase() {
        var device = driver.create("mtty", "1", UUID_TEXT.toUpperCase(Locale.ROOT));
        assertThat(device.name()).isEqualTo(UUID_TEXT);
        assertThat(bus.devices()).containsExactly(device);
        assertThat(vfio(device).ops().iommufdOps()).isSameAs(vfio(device).emulatedIommufdOps());
        assertThat(vfio(device).ops().dmaUnmap()).isNotNull();
    }

    @Spec("M-007")
    @Test
    void shouldIgnoreACharacterBehindTheUuid() {
        assertThat(driver.create("mtty", "1", UUID_TEXT + "\n").name()).isEqualTo(UUID_TEXT);
        driver.remove(UUID_TEXT);
        assertThat(driver.create("mtty", "1", UUID_TEXT + "x").name()).isEqualTo(UUID_TEXT);
    }

    @Spec({"M-008", "M-009"})
    @ParameterizedTest
    @ValueSource(
            strings = {
                "83b8f4f2",
                UUID_TEXT + "\n\n",
                "83b8f4f2-509f-382f-3c1e-e6bfe0fa1abg",
                "{3b8f4f2-509f-382f-3c1e-e6bfe0fa1ab}",
                "83b8f4f2509f-382f-3c1e-e6bfe0fa1abc0"
            })
    void shouldRefuseWhatIsNoUuid(String text) {
        assertRefused(Errno.EINVAL, () -> driver.create("mtty", "1", text));
        assertThat(bus.devices()).isEmpty();
    }

    @Test
    void shouldRefuseUnknownParentsAndTypes() {
        assertRefused(Errno.ENOENT, () -> driver.create("mtty9", "1", UUID_TEXT));
        assertRefused(Errno.ENOENT, () -> driver.create("mtty", "3", UUID_TEXT));
    }

    @Spec({"M-010", "M-011"})
    @Test
    void shouldUseAUuidOnce() {
        driver.create("mtty", "1", UUID_TEXT.toUpperCase(Locale.ROOT));
        assertRefused(Errno.EEXIST, () -> driver.create("mtty", "2", UUID_TEXT));
        assertRefused(Errno.EEXIST, () -> driver.create("mtty2", "1", UUID_TEXT));
    }

    @Spec("M-013")
    @Test
    void shouldPassOnThatTheParentIsUsedUp() {
        driver.create("mtty2", "2", UUID_TEXT);
        var other = UUID.randomUUID().toString();
        assertRefused(Errno.ENOSPC, () -> driver.create("mtty2", "1", other));
        assertThat(bus.devices()).hasSize(1);
        driver.create("mtty", "1", other);
    }

    @Spec("M-016")
    @Test
    void shouldUndoACreationThatFailsToRegister() {
        core.failure = new VfioException(Errno.ENOMEM, "no memory");
        assertRefused(Errno.ENOMEM, () -> driver.create("mtty", "1", UUID_TEXT));
        core.failure = null;
        assertThat(available("mtty", "1")).isEqualTo(24);
        assertThat(bus.devices()).isEmpty();
        assertThat(core.allocated())
                .singleElement()
                .satisfies(device -> assertThat(device.puts()).isEqualTo(1));
        driver.create("mtty", "1", UUID_TEXT);
    }

    @Spec({"M-022", "M-023", "M-024"})
    @Test
    void shouldWaitForUsersWhenRemoving() throws Exception {
        var device = driver.create("mtty", "1", UUID_TEXT);
        var vfioDevice = vfio(device);
        vfioDevice.open();
        var removal = CompletableFuture.runAsync(() -> driver.remove(UUID_TEXT));
        vfioDevice.unregistering().await();
        assertThat(removal).isNotDone();
        assertThat(bus.devices()).as("its link is gone").isEmpty();
        assertThat(vfioDevice.ops().info().regions())
                .as("files that are open work")
                .isEqualTo(9);
        assertRefused(Errno.EEXIST, () -> driver.create("mtty", "1", UUID_TEXT));
        assertThat(available("mtty", "1")).isEqualTo(23);

        vfioDevice.close();
        removal.get();
        assertThat(available("mtty", "1")).isEqualTo(24);
        assertThat(vfioDevice.puts()).isEqualTo(1);
        driver.create("mtty", "1", UUID_TEXT);
    }

    @Spec("M-025")
    @Test
    void shouldLetOneOfTwoRemoversRemove() throws Exception {
        var vfioDevice = vfio(driver.create("mtty", "1", UUID_TEXT));
        vfioDevice.open();
        var first = CompletableFuture.runAsync(() -> driver.remove(UUID_TEXT));
        vfioDevice.unregistering().await();
        driver.remove(UUID_TEXT);
        assertThat(first)
                .as("the second remover returned, the first still waits")
                .isNotDone();
        vfioDevice.close();
        first.get();
        assertThat(vfioDevice.puts()).isEqualTo(1);
        assertRefused(Errno.ENODEV, () -> driver.remove(UUID_TEXT));
    }

    @Spec("M-026")
    @Test
    void shouldRefuseToRemoveWhatIsBeingCreated() {
        var tried = new AtomicBoolean();
        core.whileBinding = () -> {
            assertRefused(Errno.EAGAIN, () -> driver.remove(UUID_TEXT));
            tried.set(true);
        };
        driver.create("mtty", "1", UUID_TEXT);
        assertThat(tried).isTrue();
    }

    @Spec({"M-027", "M-028"})
    @Test
    void shouldOnlyRemoveWhatWasUnbound() {
        var device = driver.create("mtty", "1", UUID_TEXT);
        core.unbind(device);
        assertThat(core.registered()).isEmpty();
        assertThat(bus.devices()).as("the node stays").containsExactly(device);
        assertRefused(Errno.ENODEV, () -> core.bind(device));
        driver.remove(UUID_TEXT.toUpperCase(Locale.ROOT));
        assertThat(bus.devices()).isEmpty();
        assertThat(available("mtty", "1")).isEqualTo(24);
    }

    @Spec({"M-015", "M-029"})
    @Test
    void shouldWaitForUsersWhenParentsGoAndCreateNothingMeanwhile() throws Exception {
        var vfioDevice = vfio(driver.create("mtty", "1", UUID_TEXT));
        vfioDevice.open();
        var closing = CompletableFuture.runAsync(driver::close);
        vfioDevice.unregistering().await();
        var other = UUID.randomUUID().toString();
        assertRefused(Errno.ENODEV, () -> driver.create("mtty", "1", other));
        assertThat(closing).isNotDone();
        vfioDevice.close();
        closing.get();
        assertThat(bus.devices()).isEmpty();
        assertRefused(Errno.ENODEV, () -> driver.create("mtty2", "1", other));
    }

    @Spec("M-030")
    @Test
    void shouldLetACreationFinishBeforeItsParentGoes() throws Exception {
        var closing = new Thread(driver::close);
        core.whileBinding = () -> {
            closing.start();
            while (closing.getState() != Thread.State.WAITING) {
                assertThat(closing.isAlive())
                        .as("the parent waits for the creation")
                        .isTrue();
                Thread.onSpinWait();
            }
        };
        var device = driver.create("mtty", "1", UUID_TEXT);
        closing.join();
        assertThat(bus.devices()).doesNotContain(device);
        assertThat(core.registered()).isEmpty();
        assertThat(vfioPuts()).isEqualTo(1);
    }

    private int vfioPuts() {
        return core.allocated().getFirst().puts();
    }

    @Test
    void shouldMakeTheDevicesAMachineWants() {
        var wish = new MdevBus.Wish("mtty", "dma", UUID.fromString(UUID_TEXT));
        var impossible = new MdevBus.Wish("mtty", "no such type", new UUID(1, 1));
        try (var wanted = new SampleBus(
                new MdevSpec(List.of(new ParentSpec("mtty", 1)), List.of(impossible, wish)),
                Runnable::run,
                VfioMdevDriverTest::noDisplays)) {
            new FakeCore().driver.attachBus(wanted);
            assertThat(wanted.devices().stream().map(BusDevice::name)).containsExactly(UUID_TEXT);
        }
    }
}
