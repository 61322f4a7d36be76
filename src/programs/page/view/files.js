/* The traffic as a capture file, which Wireshark and nibpcap open. */

document.getElementById('save').addEventListener('click', () => {
    const url = URL.createObjectURL(new Blob([machine.capture()], {type: 'application/vnd.tcpdump.pcap'}));
    make('a', {href: url, download: 'nibdns.pcap'}).click();
    URL.revokeObjectURL(url);
});
