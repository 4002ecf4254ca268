package app

import (
	"errors"
	"fmt"
	"time"

	"entremise/internal/archiver"
	"entremise/internal/network"
)

// archiverSettings name the object storage of the archiver, for a network whose archiver is reached by s3.
type archiverSettings struct {
	ArchiverURL    string `name:"archiver-url" help:"Object storage of the archiver: https address of its S3 API, without the bucket." env:"ENTREMISE_ARCHIVER_URL"`
	ArchiverBucket string `name:"archiver-bucket" help:"Its bucket, which was made with object lock." env:"ENTREMISE_ARCHIVER_BUCKET"`
	ArchiverRegion string `name:"archiver-region" help:"Its region." default:"us-east-1" env:"ENTREMISE_ARCHIVER_REGION"`
}

// archive is the driver; nil when no storage is given, and deposits then stay in the data folder.
func (c archiverSettings) archive() (archiver.Driver, error) {
	if c.ArchiverURL == "" {
		return nil, nil
	}
	key, err := secretValue("ENTREMISE_ARCHIVER_KEY")
	if err != nil {
		return nil, fmt.Errorf("ENTREMISE_ARCHIVER_KEY: %w", err)
	}
	secret, err := secretValue("ENTREMISE_ARCHIVER_SECRET")
	if err != nil {
		return nil, fmt.Errorf("ENTREMISE_ARCHIVER_SECRET: %w", err)
	}
	d, err := archiver.NewS3(archiver.S3{URL: c.ArchiverURL, Region: c.ArchiverRegion, Bucket: c.ArchiverBucket, Key: key, Secret: secret, Now: time.Now})
	if err != nil {
		return nil, fmt.Errorf("--archiver-url: %w", err)
	}
	return archiver.Guarded(d, time.Now), nil
}

// archives refuses to serve deposits elsewhere than the network's public documents say.
func (i *Instance) archives(n *network.Network) error {
	if n.Archiver == nil {
		return nil
	}
	r, _ := n.Recipient(n.Archiver.Recipient)
	switch third := i.Archiver.Third(); {
	case r.Driver == network.DriverS3 && !third:
		return errors.New("the network says that an archiver keeps its documents (driver: s3): give --archiver-url, --archiver-bucket, ENTREMISE_ARCHIVER_KEY and ENTREMISE_ARCHIVER_SECRET")
	case r.Driver == network.DriverFolder && third:
		return errors.New("the network says that its documents stay in a folder of this machine (driver: embedded), and --archiver-url names an archiver: write driver: s3, or leave it out")
	case !third:
		i.log.Warn("documents are deposited in a folder of this machine: that is no third party, and it is in no backup of the database; copy it apart", "folder", archiverFolder)
	}
	return nil
}
