// SPDX-License-Identifier: Apache-2.0
/**
 * The user API: open a machine with {@link org.vfio4j.Vfio#open()}, open a {@link org.vfio4j.Device}, map memory for it in
 * its {@link org.vfio4j.DmaSpace}, program its {@linkplain org.vfio4j.Region regions} and take its
 * {@linkplain org.vfio4j.Interrupts interrupts}. The steps VFIO programs take one by one are there too:
 * {@link org.vfio4j.Container}, {@link org.vfio4j.Group}, {@link org.vfio4j.Iommufd}, {@link org.vfio4j.DeviceFile}, and
 * {@link org.vfio4j.UapiProcess} for raw calls. Refusals are {@link org.vfio4j.uapi.VfioException}.
 */
package org.vfio4j;
